import { request } from 'node:http';
import { connect } from 'node:net';
import { pipeline } from 'node:stream';
import type { Plugin } from 'vite';

/** Where a request is to go: `/at/PORT/PATH` of the page's own origin is `PATH` of a server of this machine. */
function target(url = ''): { readonly port: number; readonly path: string } | undefined {
  const [, port, path = ''] = /^\/at\/(\d+)(\/.*)$/.exec(url) ?? [];
  return port === undefined ? undefined : { port: Number(port), path };
}

/** What a site puts before a server that takes calls of its own origin alone: `Host` is sent on as the page knows it. */
export function sameOrigin(): Plugin {
  return {
    name: 'same-origin',
    configureServer({ httpServer, middlewares }) {
      middlewares.use((incoming, response, next) => {
        const to = target(incoming.url);
        if (to === undefined) {
          next();
          return;
        }
        const { headers, method } = incoming;
        const sent = request({ host: '127.0.0.1', ...to, headers, method }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          response.flushHeaders();
          // What breaks off behind breaks off before, and the other way round.
          pipeline(answer, response, () => {});
        });
        sent.on('error', () => response.destroy());
        response.on('close', () => sent.destroy());
        incoming.pipe(sent);
      });
      httpServer?.on('upgrade', (incoming, socket, head) => {
        const to = target(incoming.url);
        if (to === undefined) return;
        const further = connect(to.port, '127.0.0.1', () => {
          const { rawHeaders } = incoming;
          const lines = rawHeaders.flatMap((name: string, index: number) =>
            index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : [],
          );
          further.write([`GET ${to.path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
          further.write(head);
          further.pipe(socket).pipe(further);
        });
        further.on('error', () => socket.destroy()).on('close', () => socket.destroy());
        socket.on('error', () => further.destroy()).on('close', () => further.destroy());
      });
    },
  };
}
