import { isVideoError, VideoClient, type VideoJob } from 'reelwire';
import { webJobs } from 'reelwire/jobs';

// What a page of `parts.node.test.ts` does when it is told to, and what came of it.
const options = {
  baseUrl: new URLSearchParams(location.search).get('server') ?? '',
  polling: { intervalMs: 200 },
  timeouts: { headStartMs: 100 },
};
const client = new VideoClient(options);
let keeping: VideoClient | undefined;
let job: VideoJob | undefined;
const did: Record<string, unknown> = {};

function tell(name: string, work: Promise<unknown>): void {
  work.then(
    (value) => {
      did[name] = value;
    },
    (error: unknown) => {
      const { code, hint, jobId, message } = isVideoError(error) ? error : {};
      did[name] = { code, hint, jobId, message: message ?? String(error) };
    },
  );
}

function follow(followed: VideoJob): string {
  job = followed;
  job.on('transport', ({ transport }) => {
    did.transport = transport;
  });
  tell(
    'end',
    job.completed().then(({ status }) => status),
  );
  return job.id;
}

const actions = {
  generate: () => tell('id', client.generate({ walletAddress: '0x123', script: 'A cat' }).then(follow)),
  keep(name: string) {
    keeping ??= new VideoClient({ ...options, jobs: webJobs({ name: 'ada' }) });
    const input = { walletAddress: '0x123', script: 'A cat' };
    tell(
      name,
      keeping.generate(input, { key: 'order-7' }).then(({ id }) => id),
    );
  },
  subscribe: (id: string) => void follow(client.subscribe(id)),
  download: (name: string) =>
    tell(
      name,
      (job?.download() ?? Promise.reject()).then(async (video) => (await video.bytes()).length),
    ),
  diagnose: () =>
    tell(
      'diagnosis',
      client.diagnose().then(({ ok }) => ok),
    ),
  async generateMany() {
    const ids: string[] = [];
    tell(
      'many',
      (async () => {
        const inputs = [1, 2].map((number) => ({ walletAddress: '0x123', script: `Cat ${number}` }));
        for await (const { job } of client.generateMany(inputs)) ids.push(job?.id ?? '');
        return ids.length;
      })(),
    );
  },
};

Object.assign(globalThis, { did, actions });
