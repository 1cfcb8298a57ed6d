import { describe, expect, it } from 'vitest';
import { isVideoError } from '../../src/errors.js';
import type { MockDialect, MockFault } from '../../src/mock-server/index.js';
import { workflow } from '../support/workflow.js';
import { BACKENDS, connect, speaking, startServer } from './support.js';

const INPUTS: Readonly<Record<MockDialect, object>> = {
  soraGateway: { walletAddress: '0x123', script: 'Explain blockchain' },
  vidBuilder: { scenes: [{ type: 'text', duration: 4, content: {} }] },
  openAIVideos: { prompt: 'A boat' },
  openRouter: { prompt: 'A boat' },
  replicate: { input: { prompt: 'A boat' } },
  runway: { promptText: 'A boat' },
  xai: { prompt: 'A boat' },
  fal: { input: { prompt: 'A boat' } },
  comfyUI: { workflow: workflow() },
};

/** What the caller is told: the job; that one may have been made; or that none was. */
type Outcome = 'job' | 'unknown' | 'refused';

const FAULTS: Readonly<Record<string, readonly [Outcome, MockFault]>> = {
  'takes a while': ['job', { type: 'slow', delayMs: 100 }],
  'answers 429 twice and wants no pause': ['job', { type: 'status', status: 429, retryAfter: 0, times: 2 }],
  'closes the connection, nothing read': ['unknown', { type: 'refuse' }],
  'resets before the body': ['unknown', { type: 'reset', at: 'before-body' }],
  'resets after the body': ['unknown', { type: 'reset', at: 'after-body' }],
  'makes the job and resets': ['unknown', { type: 'reset', at: 'after-handling' }],
  'never answers': ['unknown', { type: 'stall' }],
  'answers 408': ['unknown', { type: 'status', status: 408 }],
  'answers 500': ['unknown', { type: 'status', status: 500 }],
  'makes the job, and 502 is answered': ['unknown', { type: 'status', status: 502, carriedOut: true }],
  'makes the job, and 503 with a pause is answered': [
    'unknown',
    { type: 'status', status: 503, retryAfter: 0, carriedOut: true },
  ],
  'makes the job, and a web page is answered': ['unknown', { type: 'html' }],
  'makes the job, and answers half of its JSON': ['unknown', { type: 'truncated-json' }],
  'makes the job, and answers more than 1 MiB': ['unknown', { type: 'oversized-json' }],
  'makes the job, and answers nothing': ['unknown', { type: 'status', status: 200, carriedOut: true }],
  'refuses the input with 400': ['refused', { type: 'status', status: 400 }],
  'refuses the credentials with 401': ['refused', { type: 'status', status: 401 }],
  'wants money by 402': ['refused', { type: 'status', status: 402 }],
  'refuses the input with 422': ['refused', { type: 'status', status: 422 }],
  'wants a pause for ever by 429': ['refused', { type: 'status', status: 429, retryAfter: 0 }],
  'leads elsewhere by 307': [
    'refused',
    { type: 'redirect', status: 307, to: 'https://elsewhere.invalid/videos' },
  ],
};

describe.each(Object.keys(BACKENDS) as MockDialect[])('a submit of %s', (dialect) => {
  it.each(Object.entries(FAULTS))(
    'whose server %s is never paid for twice, and the caller knows whether it may have been paid for',
    async (_, [outcome, fault]) => {
      const server = await startServer({ manual: true, faults: [{ ...fault, route: 'generate' }] });
      const client = connect(server, speaking(server, dialect));
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
