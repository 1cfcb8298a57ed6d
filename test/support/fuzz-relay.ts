import type { JobSnapshot } from '../../src/core/model.js';
import { createRelay, type RelayPeer } from '../../src/relay/index.js';

/** What a page may never see. */
const SECRETS = ['sk-secret-4f3a2b1c9d8e7f6a5b', 'upstream.example', 'up_', 'Signature='];

const USERS = ['ada', 'eve'];
const JOBS = 40;

/** A small generator of chance that says the same for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What came of a fuzz. */
export interface Fuzzed {
  readonly frames: number;
  /** Frames that pages were sent. */
  readonly told: number;
  readonly closed: Readonly<Record<number, number>>;
  /** What went wrong; none where all is well. */
  readonly faults: readonly string[];
  readonly leftOpen: { readonly sockets: number; readonly jobs: number };
}

/**
 * Sends frames of every kind into the sockets of a relay, and looks at every byte that comes out.
 *
 * @param isPatient - No socket is closed for the number of its messages or jobs.
 */
export async function fuzzRelay(count: number, seed: number, isPatient: boolean): Promise<Fuzzed> {
  const random = chance(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const world = fakeClient(random);
  const relay = createRelay({
    client: world.client as never,
    authenticate: ({ headers }) => ({ id: headers.get('x-user') ?? '' }),
    inputOf: () => ({}) as never,
    logger: 'silent',
    limits: isPatient ? { jobsPerSocket: 10_000_000, socketsPerUser: 1_000 } : {},
  });
  const faults: string[] = [];
  const closed: Record<number, number> = {};
  const peers = new Map<RelayPeer, string>();
  let told = 0;

  const look = (user: string, data: string): void => {
    told += 1;
    const secret = SECRETS.find((one) => data.includes(one));
    if (secret !== undefined) faults.push(`${secret} in ${data}`);
    const frame = JSON.parse(data) as { jobId?: unknown; status?: unknown; type?: unknown; error?: unknown };
    const owner = typeof frame.jobId === 'string' ? world.ownerOf(frame.jobId) : undefined;
    if (frame.status !== undefined && owner !== user) faults.push(`${user} was told ${data}`);
    if (frame.type === 'subscribed' && owner !== user) faults.push(`${user} subscribed: ${data}`);
  };
  const open = async (): Promise<void> => {
    const user = pick(USERS);
    const request = {
      url: 'http://localhost/videos/',
      headers: new Headers({ 'x-user': user }),
    };
    const verdict = await relay.websocket.upgrade(request);
    if (verdict instanceof Response) return void faults.push(`refused with ${verdict.status}`);
    const peer: RelayPeer = {
      context: verdict.context,
      websocket: { bufferedAmount: random() < 0.05 ? 100 : 0 },
      send: (data) => look(user, data),
      close: (code = 1005) => {
        closed[code] = (closed[code] ?? 0) + 1;
        peers.delete(peer);
        relay.websocket.close(peer, { code });
      },
    };
    peers.set(peer, user);
    relay.websocket.open(peer);
  };

  for (let sent = 0; sent < count; sent++) {
    while (peers.size < 8) await open();
    const peer = pick([...peers.keys()]);
    const bytes = frameOf(random, pick);
    try {
      relay.websocket.message(peer, {
        text: () => new TextDecoder().decode(bytes),
        uint8Array: () => bytes,
      });
    } catch (error) {
      faults.push(`threw ${error}`);
    }
    if (random() < 0.05) world.progress();
    if (random() < 0.001) peer.close(1000);
    if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const peer of [...peers.keys()]) peer.close(1000);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const { sockets, jobs } = relay.stats;
  relay.close();
  return { frames: count, told, closed, faults, leftOpen: { sockets, jobs } };
}

/** As a page may send, or as nobody would. */
function frameOf(random: () => number, pick: <T>(list: readonly T[]) => T): Uint8Array {
  const id = pick([
    `job-${Math.floor(random() * JOBS)}`,
    `job-${JOBS + Math.floor(random() * JOBS)}`,
    'job-x',
    '',
    '__proto__',
  ]);
  const message = JSON.stringify({
    action: pick(['subscribe', 'subscribe', 'unsubscribe', 'cancel']),
    jobId: id,
  });
  const kind = random();
  if (kind < 0.5) return new TextEncoder().encode(message);
  if (kind < 0.7) {
    const bytes = new TextEncoder().encode(message);
    for (let flips = 1 + random() * 3; flips > 0; flips--)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    return bytes;
  }
  const text = pick([
    '',
    'null',
    '[]',
    '[{"action":"subscribe","jobId":"job-1"}]',
    '{"action":"subscribe","jobId":{"toString":"job-1"}}',
    '{"action":"subscribe","jobId":["job-1"]}',
    '{"__proto__":{"action":"subscribe","jobId":"job-1"}}',
    `{"action":"subscribe","jobId":"${'x'.repeat(Math.floor(random() * 400))}"}`,
    '['.repeat(Math.floor(random() * 20_000)),
    '"\\ud800"',
    '{"action":"subscribe","jobId":"\\u0000job-1"}',
    `{"action":"subscribe","jobId":${random()}}`,
  ]);
  return new TextEncoder().encode(text);
}

/** A client whose server says its secrets wherever it can. */
function fakeClient(random: () => number) {
  const listeners = new Map<string, Set<(snapshot: JobSnapshot) => void>>();
  const steps = new Map<string, number>();
  const ownerOf = (key: string) => {
    const [, number] = /^job-(\d+)$/.exec(key) ?? [];
    return number !== undefined && Number(number) < JOBS ? USERS[Number(number) % USERS.length] : undefined;
  };
  const snapshotOf = (jobId: string): JobSnapshot => {
    const progress = steps.get(jobId) ?? 0;
    return {
      ...{ id: jobId, status: 'processing', progress, updatedAt: new Date(), transport: 'polling' },
      message: `${jobId} with ${SECRETS[0]} at https://upstream.example/${jobId}?Signature=x is at ${progress}`,
      raw: { jobId, key: SECRETS[0] },
    };
  };
  const client = {
    generate() {},
    jobs: {
      async get(key: string) {
        const group = ownerOf(key);
        const jobId = `up_${key.slice(4)}`;
        return group === undefined ? undefined : { key, group, state: 'submitted', jobId };
      },
      async *list() {},
    },
    async status(jobId: string) {
      return snapshotOf(jobId);
    },
    async *resume() {},
    subscribe(jobId: string) {
      const own = new Set<(snapshot: JobSnapshot) => void>();
      return {
        on(event: string, listener: (snapshot: JobSnapshot) => void) {
          if (event !== 'update') return;
          own.add(listener);
          const all = listeners.get(jobId) ?? new Set();
          listeners.set(jobId, all.add(listener));
          queueMicrotask(() => {
            if (own.has(listener)) listener(snapshotOf(jobId));
          });
        },
        close() {
          for (const listener of own) listeners.get(jobId)?.delete(listener);
          own.clear();
        },
      };
    },
  };
  return {
    client,
    ownerOf,
    /** Some job moves on. */
    progress() {
      const jobId = `up_${Math.floor(random() * JOBS)}`;
      steps.set(jobId, Math.min(99, (steps.get(jobId) ?? 0) + random() * 5));
      for (const listener of listeners.get(jobId) ?? []) listener(snapshotOf(jobId));
    },
  };
}
