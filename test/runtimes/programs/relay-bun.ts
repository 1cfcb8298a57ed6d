import crossws from 'crossws/adapters/bun';
import { answer, createSite, isUpgrade } from './relay-site.js';

declare const Bun: { serve(options: object): { readonly port: number } };

/** A relay on Bun, by crossws. */
const relay = createSite(JSON.parse(String(process.argv[2])));
const sockets = crossws({ hooks: relay.websocket });
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  // Seconds: a submit may take 30, and an event stream says something each 15.
  idleTimeout: 60,
  fetch: (request: Request, bun: never) =>
    isUpgrade(request) ? sockets.handleUpgrade(request, bun) : answer(relay, request),
  websocket: { ...sockets.websocket, maxPayloadLength: relay.limits.frameBytes },
});
console.log(server.port);
