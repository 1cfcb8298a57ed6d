import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import type { VideoClient } from 'reelwire';
import { memoryJobs, webJobs } from 'reelwire/jobs';
import { useJobs, useVideoJob } from 'reelwire/react';
import { expect, it, onTestFinished } from 'vitest';
import { connect, input } from './support/client.js';
import { mount } from './support/react.js';
import { startMock } from './support/remote-mock.js';

/** Records of a user of their own, which end with the test. */
function kept() {
  const name = crypto.randomUUID();
  onTestFinished(() => {
    for (const key of Object.keys(localStorage).filter((key) => key.includes(name)))
      localStorage.removeItem(key);
  });
  return () => webJobs({ name });
}

function One({ client, id }: { client: VideoClient; id: string }) {
  const { snapshot } = useVideoJob(client, id);
  return <i>{snapshot?.status ?? 'unknown'}</i>;
}

function Left({ client, group }: { client: VideoClient; group?: string }) {
  const { left, isPending, error, forget } = useJobs(client, { group });
  const codeOf = (error: unknown) => (error as { code?: string } | undefined)?.code;
  return (
    <>
      {left.map(({ record, job, error }) => (
        <button type="button" key={record?.key} id={record?.key} onClick={() => record && forget(record.key)}>
          {record?.key}: {job === undefined ? codeOf(error) : <One client={client} id={job.id} />}{' '}
        </button>
      ))}
      {[isPending ? 'more' : 'all', codeOf(error)].join(' ').trim()}
    </>
  );
}

it.each([
  ['', 'div'],
  [', each once in StrictMode', StrictMode],
] as const)('useJobs lists what a reload left%s, until it is forgotten', async (_, Mode) => {
  const [server, jobs] = [await startMock(), kept()];
  const before = connect(server, { jobs: jobs() });
  const first = await before.generate(input, { key: 'first' });
  await before.generate(input, { key: 'second' });
  await before.close();
  await server.do('advance', first.id, { status: 'completed', progress: 100 });

  const client = connect(server, { jobs: jobs() });
  const { element, text } = mount(
    <Mode>
      <Left client={client} />
    </Mode>,
  );
  await expect.poll(text).toBe('first: completed second: queued all');
  element.querySelector<HTMLButtonElement>('#first')?.click();
  await expect.poll(text).toBe('second: queued all');
  expect(await client.jobs?.get('first')).toBeUndefined();
  // Another tab was first.
  await connect(server, { jobs: jobs() }).forget('second');
  element.querySelector<HTMLButtonElement>('#second')?.click();
  await expect.poll(text).toBe('all');
});

it('useJobs says of which job nobody knows whether there is one', async () => {
  const [server, jobs] = [
    await startMock({ faults: [{ route: 'generate', type: 'status', status: 502 }] }),
    kept(),
  ];
  const before = connect(server, { jobs: jobs() });
  await before.generate(input, { key: 'lost' }).catch(() => {});
  await before.close();
  const { text } = mount(<Left client={connect(server, { jobs: jobs() })} />);
  await expect.poll(text).toBe('lost: submit-outcome-unknown all');
});

it('useJobs lists those of its group alone, and of another one once that is asked for', async () => {
  const server = await startMock();
  const client = connect(server, { jobs: memoryJobs() });
  await client.generate(input, { key: 'mine', group: 'me' });
  await client.generate(input, { key: 'yours', group: 'you' });
  const { root, text } = mount(<Left client={client} group="me" />);
  await expect.poll(text).toBe('mine: queued all');
  root.render(<Left client={client} group="you" />);
  await expect.poll(text).toBe('yours: queued all');
});

it('useJobs tells of a client without jobs as an error, and does nothing on a server', async () => {
  const server = await startMock();
  const client = connect(server);
  expect(renderToString(<Left client={client} />)).toBe('more');
  const { text } = mount(<Left client={client} />);
  await expect.poll(text).toBe('all configuration');
  expect(await server.do('requests')).toEqual([]);
});
