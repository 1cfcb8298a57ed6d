import type { AnyBackend, InputOf, JobRecord } from '../index.js';
import { json, noSuchJob, Refused } from './answer.js';
import { readBody, readJson } from './body.js';
import { isRelayRefusal } from './failures.js';
import type { JobHub } from './hub.js';
import { digestOf, keyOf } from './key.js';
import type { RelaySettings, RelayUser } from './options.js';
import type { Records } from './records.js';
import { admit } from './users.js';
import { viewOfRecord } from './watched-job.js';
import { FUNCTION_MS, within } from './within.js';

/** How long the repetition of a submit that is under way waits for it, in milliseconds. */
const REPEATED_MS = 10_000;

/** One submit that is under way here. */
interface Submit {
  readonly digest: string;
  readonly answer: Promise<string>;
}

/** What the platform knows of a request, beside the request. */
export interface KeepAlive {
  waitUntil?(promise: Promise<unknown>): void;
}

/** The submits of pages: at most one job a key, on every backend. */
export class Submits {
  readonly #settings: RelaySettings;
  readonly #records: Records;
  readonly #hub: JobHub;
  readonly #underWay = new Map<string, Submit>();

  constructor(settings: RelaySettings, records: Records, hub: JobHub) {
    this.#settings = settings;
    this.#records = records;
    this.#hub = hub;
  }

  /** @throws what the page is to be told; `about` is then told the page's id, where there is one. */
  async generate(
    user: RelayUser,
    request: Request,
    context: KeepAlive,
    about: (key: string) => void,
  ): Promise<Response> {
    const bytes = await readBody(request, this.#settings.limits.bodyBytes);
    const body = readJson(bytes);
    const key = await keyOf(user.id, request.headers.get('idempotency-key'));
    const digest = await digestOf(bytes);
    const record = await this.#records.read(key);
    if (record !== undefined && record.group !== user.id) throw noSuchJob();
    const isNew = record === undefined || record.state === 'refused';
    if (!isNew) checkDigest(digestIn(record), digest);
    // Whatever is allowed now: it was allowed, and paid for.
    if (record?.jobId !== undefined)
      return accepted(this.#hub.known(key)?.frame || JSON.stringify(viewOfRecord(record)));

    const other = this.#underWay.get(key);
    if (other !== undefined) checkDigest(other.digest, digest);
    const submit = other ?? this.#start(user, key, digest, body, isNew);
    about(key);
    context.waitUntil?.(submit.answer.catch(() => {}));
    if (isNew && other === undefined) return accepted(await submit.answer);
    return accepted(
      await within(
        REPEATED_MS,
        () => submit.answer,
        () => {
          throw new Refused(409, 'A submit with this key is under way', { jobId: key, retryAfterMs: 1_000 });
        },
      ),
    );
  }

  /** It goes on where the page is closed meanwhile: what is paid for is known. */
  #start(
    user: RelayUser,
    key: string,
    digest: string,
    body: Readonly<Record<string, unknown>>,
    isNew: boolean,
  ): Submit {
    const work = async () => {
      if (isNew) await admit(this.#settings, user, { type: 'generate' });
      const input = await this.#inputOf(body, user);
      this.#hub.startOver(key);
      const job = await this.#settings.client.generate(input, {
        ...{ key, group: user.id },
        metadata: { body: digest },
      });
      this.#records.forget(key);
      // It is followed where somebody watches it: another process may look after it.
      job.close();
      return this.#hub.made(key, job.snapshot);
    };
    const answer = work().finally(() => this.#underWay.delete(key));
    answer.catch(() => {}); // Nobody may wait for it any more.
    const submit = { digest, answer };
    this.#underWay.set(key, submit);
    return submit;
  }

  async #inputOf(body: Readonly<Record<string, unknown>>, user: RelayUser): Promise<InputOf<AnyBackend>> {
    let isLate = false;
    try {
      const input = await within(
        FUNCTION_MS,
        () => this.#settings.inputOf(body, user),
        () => {
          isLate = true;
          throw new Error(`inputOf took longer than ${FUNCTION_MS} ms`);
        },
      );
      // What fits the client's backend, says its type.
      return input as InputOf<AnyBackend>;
    } catch (error) {
      if (isLate || isRelayRefusal(error)) throw error;
      const words = error instanceof Error ? error.message.slice(0, 500) : '';
      throw new Refused(400, words || 'The input was refused');
    }
  }
}

/** The page's body, and not what was made of it: that may change with the next deploy. */
function digestIn({ metadata }: JobRecord): unknown {
  return (metadata as { readonly body?: unknown } | undefined)?.body;
}

function checkDigest(known: unknown, digest: string): void {
  if (known !== digest) throw new Refused(422, 'This Idempotency-Key is that of another body');
}

function accepted(view: string): Response {
  return json(JSON.parse(view));
}
