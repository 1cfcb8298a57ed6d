import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type RequestListener, type Server } from 'node:http';
import { handleRequest } from '@fal-ai/server-proxy';
import { createHandler } from '@fal-ai/server-proxy/express';
import { createRouteHandler } from '@fal-ai/server-proxy/hono';
import { getRequestListener } from '@hono/node-server';
import express from 'express4';
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';

/** Where fal's own proxies are found by default. */
export const FAL_PROXY_ROUTE = '/api/fal/proxy';

const CONFIG = {
  allowedEndpoints: ['fal-ai/**'],
  allowUnauthorizedRequests: true,
  isAuthenticated: async () => true,
  // In earnest the environment says it.
  resolveFalAuth: async () => 'Key id:secret',
};

/** fal's own proxy as an application has it: in Hono, in Express, or in the application's own words. */
const LISTENERS = {
  hono: () => inHono(createRouteHandler(CONFIG) as unknown as Handle),
  express(): RequestListener {
    const app = express();
    app.use(express.json());
    const handle = createHandler(CONFIG);
    app.all(FAL_PROXY_ROUTE, (request, response) => {
      // A page that has gone away.
      Promise.resolve(handle(request, response, () => {})).catch(() => response.destroy());
    });
    return app;
  },
  fetch: () => inHono(({ req }) => passOn(req.raw)),
} as const satisfies Record<string, () => RequestListener>;

export type FalProxy = keyof typeof LISTENERS;
export const FAL_PROXIES = Object.keys(LISTENERS) as FalProxy[];

type Handle = (context: Context) => Promise<Response>;

/** As the adapter for the app router of Next does it, which needs Next itself. */
function passOn(request: Request): Promise<Response> {
  const sent = new Headers();
  const headers = Object.fromEntries(request.headers);
  return handleRequest(
    {
      id: 'test',
      method: request.method,
      getHeaders: () => headers,
      getHeader: (name) => headers[name],
      sendHeader: (name, value) => sent.set(name, value),
      getRequestBody: () => request.text(),
      respondWith: (status, data) => Response.json(data, { status, headers: sent }),
      sendResponse: async (response) => response,
    },
    CONFIG,
  ) as Promise<Response>;
}

function inHono(handle: Handle): RequestListener {
  const app = new Hono();
  // For pages of another origin, as those of tests are.
  app.use(cors());
  app.all(FAL_PROXY_ROUTE, handle);
  return getRequestListener(app.fetch);
}

/** Where fal is, for what is done because of a request to one of these proxies. */
const place = new AsyncLocalStorage<string>();
const own = globalThis.fetch;

/** A server with one of fal's own proxies, which finds fal's queue at `url`. */
export function falProxy(kind: FalProxy, url: string): Server {
  globalThis.fetch = (target, init) => {
    const queue = place.getStore();
    return own(queue === undefined ? target : String(target).replace('https://queue.fal.run', queue), init);
  };
  const listener = LISTENERS[kind]();
  return createServer((request, response) => place.run(url, () => listener(request, response)));
}
