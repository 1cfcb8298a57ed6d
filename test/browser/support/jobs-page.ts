import { isVideoError, soraGateway, VideoClient } from 'reelwire';
import { webJobs } from 'reelwire/jobs';

// What a page of `web-jobs-page.node.test.ts` does when it is told to, and what came of it.
const site = new URLSearchParams(location.search);
const client = new VideoClient({
  baseUrl: site.get('server') ?? '',
  backend: {
    ...soraGateway(),
    idempotency: site.get('keys') === 'honoured' ? { windowMs: 3_600_000 } : 'none',
  },
  jobs: webJobs({ name: 'ann' }),
  transports: ['polling'],
  polling: { intervalMs: 100 },
  // A page that was left half way is not waited for any longer than this.
  timeouts: { requestMs: 3_000 },
  retry: { minDelayMs: 50 },
});
const did: Record<string, unknown> = {};

function tell(name: string, work: Promise<unknown>): void {
  work.then(
    (value) => {
      did[name] = value;
    },
    (error: unknown) => {
      did[name] = isVideoError(error) ? error.code : String(error);
    },
  );
}

async function generate(key: string): Promise<string> {
  return (await client.generate({ walletAddress: '0x123', script: 'A cat' }, { key })).id;
}

async function resume(): Promise<string[]> {
  const found: string[] = [];
  const enough = new AbortController();
  setTimeout(() => enough.abort(), 1_000);
  try {
    for await (const { record, job, error } of client.resume({ signal: enough.signal })) {
      found.push(`${record?.key} ${job?.id ?? error?.code}`);
    }
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  }
  return found.sort();
}

const actions = {
  generate: (key: string) => tell('id', generate(key)),
  resume: () => tell('resumed', resume()),
  adopt: (key: string, id: string) =>
    tell(
      'adopted',
      client.adopt(key, id).then(() => true),
    ),
  forget: (key: string) =>
    tell(
      'forgotten',
      client.forget(key).then(() => true),
    ),
};

Object.assign(globalThis, { did, actions });

document.querySelector('button')?.addEventListener('click', () => {
  // As a person does: a tab of its own, of which this one knows nothing. Both submit in this moment.
  window.open(`${location.href}&second=order-7`, '_blank', 'noopener');
  actions.generate('order-7');
});
const key = site.get('second');
if (key !== null) {
  generate(key).then(
    (id) => fetch('/told', { method: 'POST', body: id }),
    (error: unknown) => fetch('/told', { method: 'POST', body: String(error) }),
  );
}
