import { readdirSync, readFileSync } from 'node:fs';
import type { AnyBackend, HttpResponse } from '../../../src/backends/backend.js';
import type { JobUpdate } from '../../../src/core/model.js';

/** One thing a server says, and what it means. */
export interface Fixture {
  readonly name: string;
  readonly source: string;
  readonly call: string;
  readonly httpStatus?: number;
  readonly body: unknown;
  readonly expect?: unknown;
}

const ROOT = new URL('../../fixtures/', import.meta.url);

/** All fixtures of one folder, or those of one call. */
export function fixtures(folder: string, call?: string): Fixture[] {
  const files = readdirSync(new URL(`${folder}/`, ROOT)).sort();
  const all = files.map((file): Fixture => {
    const text = readFileSync(new URL(`${folder}/${file}`, ROOT), 'utf8');
    return { name: file.replace('.json', ''), ...JSON.parse(text) };
  });
  return call === undefined ? all : all.filter((fixture) => fixture.call === call);
}

export function fixture(folder: string, name: string): Fixture {
  const found = fixtures(folder).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no fixture ${folder}/${name}`);
  return found;
}

export function answer(body: unknown, status = 200): HttpResponse {
  return { status, headers: new Headers({ 'x-request-id': 'req-1' }), body };
}

/** What a status answer says by itself. */
export function statusOf(backend: AnyBackend, response: HttpResponse, jobId: string): JobUpdate {
  const told = backend.parseStatus(response, jobId);
  if ('next' in told) throw new Error('it says to ask further');
  return told;
}

/** What was understood, as the `expect` of a fixture states it: as JSON, without `raw`. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner) => (key === 'raw' ? undefined : inner)) ?? 'null');
}
