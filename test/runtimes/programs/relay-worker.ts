import { DurableObject } from 'cloudflare:workers';
import crossws from 'crossws/adapters/cloudflare';
import { keyValueJobs } from 'reelwire/jobs';
import { answer, createSite, isUpgrade, type SiteTask } from './relay-site.js';

/** What a relay needs of the storage of a Durable Object. */
interface ObjectStorage {
  get(key: string): Promise<unknown>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<unknown>;
  list(options: { readonly prefix: string }): Promise<ReadonlyMap<string, unknown>>;
}

interface Environment extends SiteTask {
  readonly VIDEOS: {
    getByName(name: string): { fetch(request: Request): Promise<Response> };
  };
}

/** A relay in one Durable Object, by crossws: its sockets and its jobs are those of one process. */
export class Videos extends DurableObject<Environment> {
  readonly #relay = createSite(this.env, jobsIn(this.ctx.storage as ObjectStorage));
  readonly #sockets = crossws({ hooks: this.#relay.websocket });

  override async fetch(request: Request): Promise<Response> {
    if (isUpgrade(request)) return this.#sockets.handleDurableUpgrade(this, request);
    return answer(this.#relay, request, this.ctx);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer) {
    return this.#sockets.handleDurableMessage(this, socket, message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string, wasClean: boolean) {
    return this.#sockets.handleDurableClose(this, socket, code, reason, wasClean);
  }

  override webSocketError(socket: WebSocket) {
    return this.#sockets.handleDurableClose(this, socket, 1006, '', false);
  }
}

function jobsIn(storage: ObjectStorage) {
  return keyValueJobs({
    getItem: async (key: string) => (await storage.get(key)) ?? null,
    setItem: (key: string, value: string) => storage.put(key, value),
    removeItem: (key: string) => storage.delete(key),
    getKeys: async (prefix: string) => [...(await storage.list({ prefix })).keys()],
  });
}

/** Made where a Worker may start nothing, not even a timer. */
const ofTheModule = createSite({ baseUrl: 'http://localhost', token: 'none' });

export default {
  fetch(request: Request, { VIDEOS }: Environment): Promise<Response> {
    if (new URL(request.url).pathname === '/of-the-module') return ofTheModule.fetch(request);
    return VIDEOS.getByName('all').fetch(request);
  },
};
