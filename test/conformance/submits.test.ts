import { describe, expect, it } from 'vitest';
import { isVideoError } from '../../src/errors.js';
import type { MockDialect, MockFault } from '../../src/mock-server/index.js';
import { INPUTS, SUBMIT_FAULTS } from './faults.js';
import { RELAY, RELAY_AS_GATEWAY } from './subjects.js';
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

/** What a page has of a relay: its key is honoured, so that an answer that was lost is asked for again. */
describe.each([
  [...RELAY, {}],
  [...RELAY_AS_GATEWAY, { idempotencyKey: 'order-7' }],
] as const)('a submit to %s', (_server, start, options) => {
  const submitted = async (fault: MockFault) => {
    const server = await start({ manual: true, faults: [{ ...fault, route: 'generate' }] });
    const timeouts = { ...QUICK.timeouts, requestMs: 1_500 };
    const told = await server
      .connect({ timeouts })
      .generate(INPUTS.soraGateway as never, options)
      .then(
        ({ id }) => ({ outcome: 'job', id }),
        (error: unknown) => {
          if (!isVideoError(error)) throw error;
          return { outcome: error.code === 'submit-outcome-unknown' ? 'unknown' : 'refused', id: undefined };
        },
      );
    const made = Array.from(server.jobs, ({ id }) => id);
    if (told.id !== undefined) expect(made).toEqual([await server.serverIdOf(told.id)]);
    return { outcome: told.outcome, made: made.length };
  };

  it.each(Object.entries(SUBMIT_FAULTS))(
    'that always %s makes one job at most, and the page knows whether it may have been made',
    async (_, [outcome, fault]) => {
      const told = await submitted(fault);
      expect(told.outcome).toBe(outcome);
      expect(told.made).toBeLessThanOrEqual(outcome === 'refused' ? 0 : 1);
    },
  );

  it.each(Object.entries(SUBMIT_FAULTS).filter(([, [outcome]]) => outcome === 'unknown'))(
    'that once %s ends in the job, and in no other',
    async (name, [, fault]) => {
      // An answer that is whole, and names no job, is the server's own word: it is not asked for again.
      const outcome = name === 'makes the job, and answers nothing' ? 'unknown' : 'job';
      expect(await submitted({ ...fault, times: 1 })).toEqual({ outcome, made: 1 });
    },
  );
});
