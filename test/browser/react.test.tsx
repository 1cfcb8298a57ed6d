import { StrictMode, version } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import type { VideoClient } from 'reelwire';
import { useGenerateVideo, useVideoJob } from 'reelwire/react';
import { expect, it, onTestFinished } from 'vitest';
import { allClosed, connect, input } from './support/client.js';
import { mount, place } from './support/react.js';
import { type RemoteMock, startMock } from './support/remote-mock.js';

const end = { status: 'completed', progress: 100 } as const;

function Job({ client, id }: { client: VideoClient; id: string | null }) {
  const { snapshot, error, transport } = useVideoJob(client, id);
  const code = (error as { code?: string } | undefined)?.code;
  return <p>{[snapshot?.status ?? 'unknown', snapshot?.progress, transport, code].join(' ')}</p>;
}

async function opened(server: RemoteMock) {
  const requests = await server.do('requests');
  const count = (name: string) =>
    requests.filter(({ route, method }) => route === name && method === 'GET').length;
  return { websocket: count('websocket'), status: count('status') };
}

it(`React ${version}: a job is shown as it goes on, and its end`, async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  const { text } = mount(<Job client={connect(server)} id={id} />);
  await expect.poll(text).toBe('queued 0 websocket ');
  await server.do('advance', id, { status: 'processing', progress: 40 });
  await expect.poll(text).toBe('processing 40 websocket ');
  await server.do('advance', id, end);
  await expect.poll(text).toMatch(/^completed 100 /);
  await allClosed(server);
});

it('StrictMode opens nothing twice', async () => {
  // Nothing is asked but once: what a slow machine would have the client ask anew is out of reach.
  const unhurried = {
    polling: { intervalMs: 60_000 },
    timeouts: { connectMs: 14_000, headStartMs: 14_000, silenceMs: 14_000 },
  };
  for (const Mode of ['div', StrictMode] as const) {
    const server = await startMock();
    const id = await server.do('createJob', {});
    const { text } = mount(
      <Mode>
        <Job client={connect(server, unhurried)} id={id} />
      </Mode>,
    );
    await expect.poll(text).toBe('queued 0 websocket ');
    // At the start, and once the stream is there.
    await expect.poll(() => opened(server)).toEqual({ websocket: 1, status: 2 });
    await server.do('advance', id, { status: 'processing', progress: 40 });
    await expect.poll(text).toBe('processing 40 websocket ');
    expect(await opened(server)).toEqual({ websocket: 1, status: 2 });
  }
});

it('unmounted, a job is followed no longer', async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  const { root, text } = mount(<Job client={connect(server)} id={id} />);
  await expect.poll(text).toMatch(/websocket/);
  root.unmount();
  await allClosed(server);
});

it('another id is another job, and null is none', async () => {
  const server = await startMock();
  const client = connect(server);
  const [first, second] = [await server.do('createJob', {}), await server.do('createJob', {})];
  await server.do('advance', second, { status: 'processing', progress: 70 });
  const { root, text } = mount(<Job client={client} id={first} />);
  await expect.poll(text).toMatch(/^queued 0/);
  root.render(<Job client={client} id={second} />);
  await expect.poll(text).toMatch(/^processing 70/);
  root.render(<Job client={client} id={null} />);
  await expect.poll(text).toBe('unknown   ');
  await allClosed(server);
});

it('a job that failed, and one that nobody knows, are errors', async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  await server.do('advance', id, { status: 'failed', error: 'out of memory' });
  const client = connect(server);
  const failed = mount(<Job client={client} id={id} />);
  await expect.poll(failed.text).toMatch(/^failed .*job-failed$/);
  const unknown = mount(<Job client={client} id="nobody-knows" />);
  await expect.poll(unknown.text).toMatch(/^unknown .*not-found$/);
});

it('on a server nothing is sent, and the page takes it over', async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  const node = <Job client={connect(server)} id={id} />;
  const element = place();
  element.innerHTML = renderToString(node);
  expect(element.textContent).toBe('unknown   ');
  expect(await server.do('requests')).toEqual([]);
  const complaints: unknown[] = [];
  const root = hydrateRoot(element, node, { onRecoverableError: (error) => complaints.push(error) });
  onTestFinished(() => root.unmount());
  await expect.poll(() => element.textContent).toBe('queued 0 websocket ');
  expect(complaints).toEqual([]);
});

function Studio({ client }: { client: VideoClient }) {
  const { generate, job, snapshot, error, reset } = useGenerateVideo(client);
  const code = (error as { code?: string } | undefined)?.code;
  return (
    <>
      <button type="button" id="generate" onClick={() => generate(input)} />
      <button type="button" id="wrong" onClick={() => generate({ ...input, script: '' })} />
      <button type="button" id="reset" onClick={reset} />
      <p>{[job === undefined ? 'none' : 'job', snapshot?.status, snapshot?.progress, code].join(' ')}</p>
    </>
  );
}

it('useGenerateVideo submits once, follows to the end and forgets', async () => {
  const server = await startMock();
  const { element } = mount(
    <StrictMode>
      <Studio client={connect(server)} />
    </StrictMode>,
  );
  const text = () => element.querySelector('p')?.textContent;
  const press = (id: string) => element.querySelector<HTMLButtonElement>(`#${id}`)?.click();
  await expect.poll(text).toBe('none   ');
  press('generate');
  await expect.poll(text).toBe('job processing 0 ');
  const submits = (await server.do('requests')).filter(
    ({ route, method }) => route === 'generate' && method === 'POST',
  );
  expect(submits).toHaveLength(1);
  const [id] = await server.do('jobIds');
  await server.do('advance', String(id), end);
  await expect.poll(text).toBe('job completed 100 ');
  press('reset');
  await expect.poll(text).toBe('none   ');
  press('wrong');
  await expect.poll(text).toBe('none   invalid-input');
  await allClosed(server);
});
