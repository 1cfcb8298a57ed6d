import * as fs from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isVideoError } from '../../src/errors.js';
import { download } from '../integration/download/support.js';
import { randomOf } from '../support/random.js';

/** What there is time for in CI; `DOWNLOAD_FUZZ_ROUNDS` and `DOWNLOAD_FUZZ_SEED` for more, or for one again. */
const ROUNDS = Number(process.env.DOWNLOAD_FUZZ_ROUNDS ?? 2_000);
const SEED = Number(process.env.DOWNLOAD_FUZZ_SEED ?? 1);
/** Beyond it a server behaves: a file that can be had is to be had. */
const MAX_TROUBLE = 6;

type Random = () => number;

/** A server that is honest, which is to say that it never calls a part a whole, and awkward in all that is left to it. */
interface FileServer {
  readonly versions: readonly Buffer[];
  readonly validators: 'strong' | 'weak' | 'date' | 'none';
  readonly framing: 'length' | 'chunked' | 'close';
  readonly ranges: 'yes' | 'capped' | 'capped, unasked' | 'ignores If-Range' | 'none';
  readonly total: boolean;
  readonly zips: boolean;
  readonly redirects: boolean;
  readonly changes: number;
  readonly cuts: number;
  readonly refuses: number;
}

function serverOf(random: Random): FileServer {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const length = pick(1, 17, 300, 4_000, 70_000);
  const version = (): Buffer => {
    const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
    bytes[0] = 1;
    return bytes;
  };
  return {
    // Of one length: by that alone nobody can tell them apart.
    versions: [version(), version(), version()],
    validators: pick('strong', 'strong', 'weak', 'date', 'none'),
    framing: pick('length', 'chunked', 'close'),
    ranges: pick('yes', 'capped', 'capped, unasked', 'ignores If-Range', 'none'),
    total: random() < 0.8,
    zips: random() < 0.05,
    redirects: random() < 0.1,
    changes: pick(0, 0, 0.1, 0.5),
    cuts: pick(0, 0.3, 0.8),
    refuses: pick(0, 0, 0.2),
  };
}

interface Round {
  readonly plan: FileServer;
  readonly random: Random;
  version: number;
  trouble: number;
}

const rounds = new Map<string, Round>();
let base = '';
let directory = '';
const server = createServer((request, response) => {
  const [, round = '', step] = (request.url ?? '').split('/');
  const state = rounds.get(round);
  if (state === undefined) return response.writeHead(500).end();
  if (state.plan.redirects && step === undefined)
    return response.writeHead(302, { location: `/${round}/file` }).end();
  serveFile(state, request, response);
});

beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), 'reelwire-fuzz-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await fs.rm(directory, { recursive: true, force: true });
});

function serveFile(state: Round, request: IncomingMessage, response: ServerResponse): void {
  const { plan, random } = state;
  const isTroubled = state.trouble < MAX_TROUBLE;
  if (isTroubled && random() < plan.changes) {
    state.version = (state.version + 1) % plan.versions.length;
    state.trouble += 1;
  }
  if (isTroubled && random() < plan.refuses) {
    state.trouble += 1;
    response
      .writeHead(random() < 0.5 ? 503 : 404, { 'content-type': 'application/json' })
      .end('{"error":"not now"}');
    return;
  }
  const file = plan.versions[state.version] as Buffer;
  const headers: Record<string, string> = { 'content-type': 'video/mp4', ...validatorsOf(state) };
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const condition = request.headers['if-range']?.toString();
  const isSame = condition === undefined || [headers.etag, headers['last-modified']].includes(condition);
  let [from, to, status] = [0, file.length, 200];
  if (asked !== undefined && plan.ranges !== 'none' && (isSame || plan.ranges === 'ignores If-Range')) {
    from = Number(asked);
    status = from < file.length ? 206 : 416;
  }
  if (status === 416) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${file.length}` }).end();
    return;
  }
  if (plan.ranges.startsWith('capped') && (status === 206 || plan.ranges === 'capped, unasked')) {
    status = 206;
    to = Math.min(file.length, from + 1 + Math.floor(random() * 30_000));
  }
  if (status === 206) headers['content-range'] = `bytes ${from}-${to - 1}/${plan.total ? file.length : '*'}`;
  const zips = plan.zips && status === 200;
  const bytes = zips ? gzipSync(file) : file.subarray(from, to);
  if (zips) headers['content-encoding'] = 'gzip';
  if (plan.framing === 'length') headers['content-length'] = String(bytes.length);
  if (plan.framing === 'close') {
    response.useChunkedEncodingByDefault = false;
    headers.connection = 'close';
  }
  response.writeHead(status, headers);
  // Node's fetch takes a reset for the end where the server closes each connection: without a validator to ask by,
  // only two ends at the same byte could tell, and small files end there by chance.
  const isUntellable = plan.framing === 'close' && !/strong|date/.test(plan.validators);
  if (!isTroubled || isUntellable || random() >= plan.cuts) return void response.end(bytes);
  state.trouble += 1;
  const cut = Math.floor(random() * bytes.length);
  const end = () => request.socket.resetAndDestroy();
  if (cut === 0) response.flushHeaders();
  // What went out is not to be overtaken by the reset.
  if (cut === 0) setTimeout(end, 2);
  else response.write(bytes.subarray(0, cut), () => setTimeout(end, 2));
}

function validatorsOf({ plan, version }: Round): Record<string, string> {
  const date = { 'last-modified': new Date(Date.UTC(2026, 0, 1 + version)).toUTCString() };
  if (plan.validators === 'strong') return { etag: `"v${version}"`, ...date };
  if (plan.validators === 'weak') return { etag: `W/"v${version}"` };
  return plan.validators === 'date' ? date : {};
}

async function fetched(url: string, how: number): Promise<Buffer> {
  const file = await download(base, {
    request: () => ({ method: 'GET', url }),
    retry: { attempts: 3, minDelayMs: 0, maxDelayMs: 1 },
    notReadyMs: 50,
  });
  if (how === 0) return Buffer.from(await file.bytes());
  if (how === 1) return Buffer.from(await new Response(file.stream()).arrayBuffer());
  const path = join(directory, url.slice(1));
  try {
    await file.save(path);
    return await fs.readFile(path);
  } catch (error) {
    // What cannot be had whole is not there at all, nor is a part of it.
    const left = (await fs.readdir(directory)).filter((name) => name.includes(url.slice(1)));
    expect(left.filter((name) => name === url.slice(1))).toEqual([]);
    throw error;
  } finally {
    await fs.rm(path, { force: true });
  }
}

async function play(round: number, outcomes: Map<string, number>): Promise<void> {
  const random = randomOf(SEED * 1_000_003 + round);
  const state: Round = { plan: serverOf(random), random, version: 0, trouble: 0 };
  const { versions, ...plan } = state.plan;
  const name = String(round);
  rounds.set(name, state);
  const about = `round ${round} of seed ${SEED}: ${JSON.stringify({ ...plan, bytes: versions[0]?.length })}`;
  let outcome = 'whole';
  try {
    const bytes = await fetched(`/${name}`, round % 3);
    expect(
      versions.some((version) => version.equals(bytes)),
      about,
    ).toBe(true);
  } catch (error) {
    if (!isVideoError(error)) throw new Error(about, { cause: error });
    outcome = error.code;
  } finally {
    rounds.delete(name);
  }
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

it(`${ROUNDS} honest but awkward servers bring one version of the file, or an error, and never anything else`, async () => {
  const outcomes = new Map<string, number>();
  let next = 0;
  const worker = async () => {
    while (next < ROUNDS) await play(next++, outcomes);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  const count = (outcome: string) => outcomes.get(outcome) ?? 0;
  expect([...outcomes.values()].reduce((sum, each) => sum + each, 0)).toBe(ROUNDS);
  // A client that gives up all the time would pass, too.
  expect(count('whole') / ROUNDS).toBeGreaterThan(0.6);
  expect(await fs.readdir(directory)).toEqual([]);
}, 180_000);
