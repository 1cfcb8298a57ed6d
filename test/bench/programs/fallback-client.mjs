// How long a client takes from its start to the first update that was pushed: fallback-client.mjs <client> <url>
// Each in a process of its own, because not all of them let the process end.
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Centrifuge } from 'centrifuge';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { comfyUI, fal } from '../../../dist/esm/backends/hosted/index.js';
import { VideoClient } from '../../../dist/esm/index.js';

const CUT_OFF_MS = 15_000;
const ROUNDS = 7;
const FAL_POLL_MS = 100;

const [client = '', url = ''] = process.argv.slice(2);

function reelwire(transports, pushedBy) {
  return (pushed) => {
    const video = new VideoClient({ baseUrl: url, transports });
    video.subscribe('job').on('update', ({ transport }) => {
      if (transport === pushedBy) pushed();
    });
    return () => video.close();
  };
}

/** To the second line of the log: the first is that of the status that is asked whatever the streams do. */
function hosted(transports) {
  return (known) => {
    const client = new VideoClient({
      ...{ baseUrl: url, backend: fal(), transports },
      polling: { intervalMs: FAL_POLL_MS },
    });
    let updates = 0;
    client.subscribe('a/b/requests/job').on('update', () => {
      if (++updates === 2) known();
    });
    return () => client.close();
  };
}

/** There is no SSE: the time until polling has taken over, and has been answered. */
function comfy(transports) {
  return (served) => {
    const video = new VideoClient({ baseUrl: url, backend: comfyUI(), transports });
    video.subscribe('job').on('transport', ({ transport }) => {
      if (transport === 'polling') served();
    });
    return () => video.close();
  };
}

const clients = {
  'fal, SSE then polling': hosted(['sse', 'polling']),
  'fal, polling alone': hosted(['polling']),
  comfyUI: comfy(['websocket', 'polling']),
  'comfyUI, polling alone': comfy(['polling']),
  reelwire: reelwire(['websocket', 'sse', 'polling'], 'sse'),
  'reelwire, SSE alone': reelwire(['sse'], 'sse'),
  centrifuge(pushed) {
    const centrifuge = new Centrifuge(
      [
        { transport: 'websocket', endpoint: `${url.replace('http', 'ws')}/centrifuge` },
        { transport: 'sse', endpoint: `${url}/centrifuge` },
      ],
      { websocket: WebSocket, eventsource: EventSource, fetch },
    );
    centrifuge.on('publication', pushed);
    centrifuge.connect();
    return () => centrifuge.disconnect();
  },
  signalr(pushed) {
    const connection = new HubConnectionBuilder()
      .withUrl(`${url}/signalr`)
      .configureLogging(LogLevel.None)
      .build();
    connection.on('progress', pushed);
    connection.start().catch(() => {});
    return () => void connection.stop().catch(() => {});
  },
};

const start = clients[client];
if (start === undefined) throw new Error(`no client ${client}`);

function measure(run) {
  return new Promise((resolve) => {
    const begin = performance.now();
    const timer = setTimeout(() => end(CUT_OFF_MS), CUT_OFF_MS);
    const stop = run(() => end(performance.now() - begin));
    function end(ms) {
      clearTimeout(timer);
      resolve(ms);
      setImmediate(stop);
    }
  });
}

const times = [];
// The first warms up, unless it takes so long that warmth does not matter.
for (let round = 0; round <= ROUNDS; round++) {
  const ms = await measure(start);
  if (round > 0 || ms > 1_000) times.push(ms);
  if (ms > 1_000) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify(times));
process.exit(0);
