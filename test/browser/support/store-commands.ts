import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { BrowserCommand } from 'vitest/node';
import { fileOf, type StoreOptions } from './store-file.js';

export interface StoreRequest {
  readonly method: string;
  readonly range: string | undefined;
}

interface Store {
  readonly requests: StoreRequest[];
  cut(): void;
  close(): void;
}

const stores = new Map<string, Store>();

const startStore: BrowserCommand<[options: StoreOptions], string> = async (_context, options) => {
  const whole = fileOf(options);
  const requests: StoreRequest[] = [];
  let stopped: ServerResponse | undefined;
  const server = createServer(({ method = '', headers: { origin, range } }, response) => {
    requests.push({ method, range });
    if (method === 'OPTIONS') {
      response.writeHead(204, {
        'access-control-allow-origin': '*',
        'access-control-allow-headers': options.allowedHeaders ?? '',
      });
      response.end();
      return;
    }
    const start = options.gzip ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const body = options.gzip ? gzipSync(whole) : whole.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': 'video/mp4',
      'content-length': body.length,
      ...(options.gzip && { 'content-encoding': 'gzip' }),
      ...(start > 0 && { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
      ...options.headers,
      ...(origin !== undefined && options.whenAsked),
    });
    const isFirst = requests.filter((one) => one.method === 'GET').length === 1;
    if (options.stopAt === undefined || !isFirst) response.end(body);
    else response.write(body.subarray(0, options.stopAt), () => (stopped = response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stores.set(url, {
    requests,
    cut: () => void stopped?.destroy(),
    close: () => {
      stores.delete(url);
      server.close();
      server.closeAllConnections();
    },
  });
  return url;
};

const store: BrowserCommand<[url: string, action: keyof Store], StoreRequest[]> = async (
  _context,
  url,
  action,
) => {
  const one = stores.get(url);
  if (one === undefined) throw new Error(`no store at ${url}`);
  if (action !== 'requests') one[action]();
  return [...one.requests];
};

export const storeCommands = { startStore, store };
