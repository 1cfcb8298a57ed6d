import { text } from 'node:stream/consumers';
import type { MockServer } from 'reelwire/mock-server';
import type { Plugin } from 'vite';

const STREAMS = ['websocket', 'sse'] as const;

/** Lets the page break the mock server's streams: `PUT /faults` with the names of those that are to be down. */
export function faultSwitches(mock: MockServer): Plugin {
  const apply = (down: readonly unknown[]) => {
    mock.faults.clear();
    // As servers do to keep proxies from closing the stream. Firefox shows a stream to no script before its first byte.
    mock.faults.add({ route: 'sse', type: 'format', commentEveryMs: 1_000 });
    for (const name of STREAMS.filter((stream) => down.includes(stream))) {
      mock.faults.add({ route: name, type: 'refuse' });
      for (const stream of mock.streams.open) if (stream.kind === name) stream.close(1012);
    }
  };
  apply([]);
  return {
    name: 'fault-switches',
    configureServer({ middlewares }) {
      middlewares.use('/faults', async (request, response) => {
        const down: unknown = await text(request).then(JSON.parse, () => undefined);
        response.statusCode = Array.isArray(down) ? 204 : 400;
        if (Array.isArray(down)) apply(down);
        response.end();
      });
    },
  };
}
