import type { JobRecord } from '../record.js';
import type { JobStore } from '../store.js';

/** One thing that a store promises. It rejects where the store does not keep it. */
export interface StoreCheck {
  readonly name: string;
  run(store: JobStore): Promise<void>;
}

/** A record of a submit that begins now, under a key of its own. */
export function recordOf(change: Partial<JobRecord> = {}): JobRecord {
  const now = Date.now();
  return {
    version: 1,
    key: `contract-${crypto.randomUUID()}`,
    backend: 'sora-gateway',
    baseUrl: 'https://videos.example',
    state: 'submitting',
    idempotencyKey: crypto.randomUUID(),
    inputDigest: '0123456789abcdef',
    decidedBy: now + 30_000,
    createdAt: now,
    updatedAt: now,
    ...change,
  };
}

/** The same record, later. */
export function later(record: JobRecord, change: Partial<JobRecord>): JobRecord {
  return { ...record, updatedAt: record.updatedAt + 1_000, ...change };
}

/** Adds a record, and brings it to a state as a client does. */
export async function storeAt(
  store: JobStore,
  record: JobRecord,
  change: Partial<JobRecord>,
): Promise<JobRecord> {
  await store.add(record);
  const next = later(record, change);
  await store.put(next);
  return next;
}

/** Throws where the two differ as JSON, whatever the order of their fields. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [canonical(actual), canonical(expected)];
  if (is !== should) throw new Error(`${what}: it is ${is}, and should be ${should}`);
}

/** What `get` gives, or a field of it. */
export async function stored(store: JobStore, key: string, field?: keyof JobRecord): Promise<unknown> {
  const value = await store.get(key);
  return field === undefined ? value : (value as Partial<JobRecord> | undefined)?.[field];
}

/** The keys that a listing has, of those given. */
export async function listed(
  store: JobStore,
  keys: readonly string[],
  query?: Parameters<JobStore['list']>[0],
): Promise<string[]> {
  const found: string[] = [];
  for await (const value of store.list(query)) found.push(String((value as Partial<JobRecord> | null)?.key));
  // In the order of `keys`, each as often as it came.
  return keys.flatMap((key) => found.filter((other) => other === key));
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) => {
      if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'undefined'
  );
}
