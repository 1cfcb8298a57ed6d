import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { JobStore } from '../../../src/jobs/store.js';
import { FileJobStore } from '../../../src/jobs/stores/file.js';
import { RedisJobStore } from '../../../src/jobs/stores/redis.js';
import { type RedisServer, startRedis } from '../redis.js';
import { type Plan, Programs } from './programs.js';

/** A store as this process has it, and where others find it. */
export interface Place {
  readonly store: JobStore;
  readonly plan: Pick<Plan, 'store' | 'place' | 'prefix'>;
}

/** A folder, a redis and what starts processes. */
export class Stage implements AsyncDisposable {
  readonly programs: Programs;
  readonly folder: string;
  readonly redis: Redis;
  readonly #server: RedisServer;
  #places = 0;

  private constructor(folder: string, server: RedisServer, programs: Programs) {
    this.folder = folder;
    this.#server = server;
    this.programs = programs;
    this.redis = new Redis({ port: server.port, host: '127.0.0.1' });
  }

  static async build(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'reelwire-crashes-'));
    return new Stage(folder, await startRedis(), await Programs.build(folder));
  }

  /** A store with nothing in it. */
  place(kind: 'file' | 'redis'): Place {
    const name = `jobs-${this.#places++}`;
    if (kind === 'redis') {
      const plan = { store: kind, place: String(this.#server.port), prefix: name };
      return { store: new RedisJobStore(this.redis, name), plan };
    }
    const place = join(this.folder, name);
    return { store: new FileJobStore(place), plan: { store: kind, place } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.programs.stop();
    this.redis.disconnect();
    await this.#server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
