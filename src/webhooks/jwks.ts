import type { ByteArray } from '../core/bytes.js';
import { parseJson } from '../core/json.js';
import { isRecord } from '../core/record.js';
import { InvalidResponseError } from '../errors.js';
import { decodeBase64 } from './base64.js';
import { readBody } from './body.js';
import { startTimer } from './timer.js';

/** As long as the provider has keys cached at most. */
const FRESH_MS = 86_400_000;
/** Anybody can send what no known key has signed: keys are asked for no more often than so because of it. */
const AGAIN_MS = 60_000;
/** The same where there are none yet, so that the next delivery may find some. */
const FIRST_AGAIN_MS = 1_000;
const FETCH_MS = 5_000;
const MAX_BYTES = 65_536;
/** Far more than any rotation needs. Each costs a check of the signature. */
const MAX_KEYS = 16;

/** The Ed25519 keys that a provider publishes. They are fetched when they are needed, and kept. */
export class PublishedKeys {
  readonly #url: string;
  readonly #fetch: typeof fetch;
  #keys: readonly ByteArray[] = [];
  #keptSince = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #failure: unknown;

  constructor(url: string, fetch: typeof globalThis.fetch) {
    this.#url = url;
    this.#fetch = fetch;
  }

  /** Those that are known, renewed once a day; the old ones where that fails. @throws InvalidResponseError where there are none. */
  async known(): Promise<readonly ByteArray[]> {
    if (performance.now() - this.#keptSince >= FRESH_MS) await this.#renew();
    if (this.#keys.length > 0) return this.#keys;
    const cause = this.#failure;
    throw new InvalidResponseError(`there are no public keys from ${this.#url}${reasonOf(cause)}`, {
      hint: 'Whether the webhook is genuine is not known. The sender repeats it; check that this server can reach that URL, or give jwksUrl.',
      cause,
    });
  }

  /** Those that are there by now, for what none of `known` has signed; the same list where nobody was asked. */
  async renewed(known: readonly ByteArray[]): Promise<readonly ByteArray[]> {
    // Another delivery may have been faster.
    if (known === this.#keys) await this.#renew();
    return this.#keys;
  }

  async #renew(): Promise<void> {
    const pauseMs = this.#keys.length === 0 ? FIRST_AGAIN_MS : AGAIN_MS;
    if (this.#asking === undefined) {
      if (performance.now() - this.#askedAt < pauseMs) return;
      this.#askedAt = performance.now();
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined;
      });
    }
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const controller = new AbortController();
    const timer = startTimer(FETCH_MS);
    const late = timer.passed.then(() => {
      controller.abort();
      throw new Error(`no answer within ${FETCH_MS} ms`);
    });
    try {
      this.#keys = await Promise.race([this.#load(controller.signal), late]);
      this.#keptSince = performance.now();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    } finally {
      timer.clear();
    }
  }

  async #load(signal: AbortSignal): Promise<readonly ByteArray[]> {
    const fetch = this.#fetch;
    const headers = { accept: 'application/json' };
    // What leads elsewhere is not followed: whoever answers says whom to believe.
    const response = await fetch(this.#url, { signal, headers, redirect: 'manual' });
    if (response.status !== 200) {
      response.body?.cancel().catch(() => {});
      throw new Error(`it answered ${response.status}`);
    }
    const bytes = await readBody(response.body, { maxBodyBytes: MAX_BYTES, bodyTimeoutMs: FETCH_MS });
    const keys = keysIn(parseJson(new TextDecoder().decode(bytes)));
    if (keys.length === 0) throw new Error('it has no Ed25519 key');
    return keys;
  }
}

function keysIn(jwks: unknown): readonly ByteArray[] {
  const listed: readonly unknown[] = isRecord(jwks) && Array.isArray(jwks.keys) ? jwks.keys : [];
  return listed.slice(0, MAX_KEYS).flatMap((key) => {
    if (!isRecord(key) || key.kty !== 'OKP' || key.crv !== 'Ed25519' || typeof key.x !== 'string') return [];
    const bytes = decodeBase64(key.x.replaceAll('-', '+').replaceAll('_', '/'));
    return bytes?.length === 32 ? [bytes] : [];
  });
}

function reasonOf(failure: unknown): string {
  return failure instanceof Error ? `: ${failure.message}` : '';
}
