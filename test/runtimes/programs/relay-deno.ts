import crossws from 'crossws/adapters/deno';
import { answer, createSite, isUpgrade } from './relay-site.js';

declare const Deno: {
  serve(options: object, handle: (request: Request, info: never) => Response | Promise<Response>): unknown;
};

/** A relay on Deno, by crossws. */
const relay = createSite(JSON.parse(String(process.argv[2])));
const sockets = crossws({ hooks: relay.websocket });
Deno.serve(
  { port: 0, hostname: '127.0.0.1', onListen: ({ port }: { port: number }) => console.log(port) },
  (request, info) => (isUpgrade(request) ? sockets.handleUpgrade(request, info) : answer(relay, request)),
);
