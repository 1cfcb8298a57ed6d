import { describe, expect, it } from 'vitest';
import type { MockFault } from '../../src/mock-server/index.js';
import { MOCK, RELAY } from './subjects.js';
import { follow, neverMovesBack } from './support.js';

const WEBSOCKET: Readonly<Record<string, MockFault>> = {
  refused: { type: 'refuse', route: 'websocket' },
  'black-holed': { type: 'stall', route: 'websocket' },
  'open but mute': { type: 'mute', route: 'websocket' },
  'closed after open': { type: 'close', route: 'websocket', afterMs: 10 },
};

const SSE: Readonly<Record<string, MockFault | undefined>> = {
  fine: undefined,
  buffered: { type: 'buffer', route: 'sse', forMs: 2_000 },
  'buffered with its header': { type: 'buffer', route: 'sse', forMs: 2_000, headers: true },
  503: { type: 'status', route: 'sse', status: 503 },
  'wrong content type': { type: 'content-type', route: 'sse', contentType: 'application/json' },
};

const MOMENTS = ['during the handshake', 'in the gap', 'at the switch'] as const;

describe.each([MOCK, RELAY])('of %s', (_server, start) => {
  describe.each(Object.entries(WEBSOCKET))('a WebSocket %s', (_, webSocketFault) => {
    describe.each(Object.entries(SSE))('and SSE %s', (_, sseFault) => {
      it.each(MOMENTS)(
        'a job that ends %s is told to have ended once, and nothing is left',
        async (moment) => {
          let seen = 0;
          const server = await start({
            manual: true,
            faults: sseFault === undefined ? [webSocketFault] : [webSocketFault, sseFault],
            onRequest: ({ route }) => {
              if (route === 'status') {
                seen += 1;
                // News that a mute stream does not bring, once it carries the job: by that it is found out.
                const isNews = moment === 'at the switch' && seen > 2 && !job.ended;
                if (isNews) job.advance({ status: 'processing', progress: seen });
              }
              const opens = moment === 'during the handshake' && (route === 'websocket' || route === 'sse');
              if (opens || (moment === 'at the switch' && route === 'sse')) job.complete();
            },
          });
          const { id, job } = await server.createJob();

          const story = await follow(server.connect(), id, () => {
            if (moment === 'in the gap' && !job.ended) job.complete();
          });

          expect(story.error).toBeUndefined();
          expect(story.ends).toMatchObject([{ status: 'completed', progress: 100 }]);
          expect(neverMovesBack(story)).toBe(true);
          await server.nothingIsLeft();
        },
      );
    });
  });

  it.each(Object.entries(WEBSOCKET))(
    'a WebSocket %s: the first snapshot waits for no stream',
    async (_, webSocketFault) => {
      const server = await start({
        manual: true,
        faults: [webSocketFault, { type: 'stall', route: 'sse' }],
      });
      const { id } = await server.createJob();
      // Neither has failed, nor had its head start, when the status has answered.
      const client = server.connect({ timeouts: { headStartMs: 60_000, connectMs: 60_000 } });
      const { value } = await client.subscribe(id)[Symbol.asyncIterator]().next();
      expect(value).toMatchObject({ status: 'queued' });
      // A relay tells the first snapshot by a stream that opens, which may be before the status has answered.
      const streams = webSocketFault.type === 'close' ? ['websocket'] : [];
      expect(['polling', ...streams]).toContain(value?.transport);
    },
  );
});
