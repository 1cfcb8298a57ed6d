import { describe, expect, it } from 'vitest';
import { isVideoError } from '../../src/errors.js';
import type { MockDialect } from '../../src/mock-server/index.js';
import { INPUTS, SUBMIT_FAULTS } from './faults.js';
import { BACKENDS, connect, QUICK, speaking, startServer } from './support.js';

describe.each(Object.keys(BACKENDS) as MockDialect[])('a submit of %s', (dialect) => {
  it.each(Object.entries(SUBMIT_FAULTS))(
    'whose server %s is never paid for twice, and the caller knows whether it may have been paid for',
    async (_, [outcome, fault]) => {
      const server = await startServer({ manual: true, faults: [{ ...fault, route: 'generate' }] });
      // Enough for the first one of a busy machine, which loads what it needs.
      const timeouts = { ...QUICK.timeouts, requestMs: 1_500 };
      const client = connect(server, { ...speaking(server, dialect), timeouts });
      const told = await client.generate(INPUTS[dialect] as never).then(
        ({ id }) => ({ outcome: 'job', ids: [id] }),
        (error: unknown) => {
          if (!isVideoError(error)) throw error;
          return { outcome: error.code === 'submit-outcome-unknown' ? 'unknown' : 'refused', ids: undefined };
        },
      );
      const made = Array.from(server.jobs, ({ id }) => id);
      // Where the id is the client's own, the status tells what became of it.
      const isFound = dialect === 'comfyUI' && outcome === 'unknown' && made.length > 0;
      expect(told.outcome).toBe(isFound ? 'job' : outcome);
      if (told.outcome === 'job') expect(made).toEqual(told.ids);
      expect(made.length).toBeLessThanOrEqual(outcome === 'refused' ? 0 : 1);
      const submits = server.requests.filter(({ route }) => route === 'generate').length;
      // What may have made a job is sent once; what says that it has made none, as often as the attempts go.
      expect(submits).toBeLessThanOrEqual(outcome === 'unknown' ? 1 : 3);
    },
  );
});
