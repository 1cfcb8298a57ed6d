import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Where a server of a test's own is found. */
export interface Listening extends AsyncDisposable {
  /** Such as `http://127.0.0.1:3001`. */
  readonly url: string;
  readonly port: number;
}

/** Lets a server listen on a free port of this machine. It ends with the test, and its connections with it. */
export async function listen(given: RequestListener | Server): Promise<Listening> {
  const server = typeof given === 'function' ? createServer(given) : given;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: close };
}
