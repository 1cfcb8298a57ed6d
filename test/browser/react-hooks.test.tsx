import { useState } from 'react';
import { renderToString } from 'react-dom/server';
import { type JobSnapshot, VideoClient } from 'reelwire';
import { type GenerateVideoOptions, useGenerateVideo, useVideoJob } from 'reelwire/react';
import { expect, it, onTestFinished, vi } from 'vitest';
import { allClosed, connect, input } from './support/client.js';
import { mount } from './support/react.js';
import { type RemoteMock, startMock } from './support/remote-mock.js';

const end = { status: 'completed', progress: 100 } as const;

/** The submits a server got. */
async function submits(server: RemoteMock): Promise<number> {
  const requests = await server.do('requests');
  return requests.filter(({ route, method }) => route === 'generate' && method === 'POST').length;
}

function Maker({
  client,
  jobId,
  options,
}: {
  client: VideoClient;
  jobId?: string | null;
  options?: GenerateVideoOptions;
}) {
  const { generate, status, isPending, snapshot, error, cancel, reset } = useGenerateVideo(client, { jobId });
  const code = (error as { code?: string } | undefined)?.code;
  return (
    <>
      <button type="button" id="generate" onClick={() => generate(input, options)} />
      <button type="button" id="cancel" onClick={cancel} />
      <button type="button" id="reset" onClick={reset} />
      <p>{[status, isPending ? 'pending' : 'still', snapshot?.progress, code].join(' ')}</p>
    </>
  );
}

/** As somebody writes it who has not read that a client is made once. */
function Page({ baseUrl, id }: { baseUrl: string; id: string }) {
  const [clicks, setClicks] = useState(0);
  const client = new VideoClient({ baseUrl, polling: { intervalMs: 200 } });
  const { snapshot } = useVideoJob(client, id);
  return (
    <button type="button" id="tick" onClick={() => setClicks(clicks + 1)}>
      {`clicked ${clicks} ${snapshot?.status}`}
    </button>
  );
}

function Shown({ client, known }: { client: VideoClient; known: JobSnapshot }) {
  const { snapshot, job } = useVideoJob(client, known.id, { initialSnapshot: { ...known } });
  return <p>{`${snapshot?.status} ${snapshot?.progress} ${job?.id === known.id}`}</p>;
}

function press(element: HTMLElement, id: string): void {
  element.querySelector<HTMLButtonElement>(`#${id}`)?.click();
}

it('a double click submits one job, and says that it is under way from the first click on', async () => {
  const server = await startMock({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
  const { element, text } = mount(<Maker client={connect(server)} />);
  await expect.poll(text).toBe('idle still  ');
  press(element, 'generate');
  press(element, 'generate');
  await expect.poll(text).toBe('submitting pending  ');
  press(element, 'generate');
  await expect.poll(text).toMatch(/^following pending 0/);
  expect(await submits(server)).toBe(1);
  const [id] = await server.do('jobIds');
  await server.do('advance', String(id), end);
  await expect.poll(text).toBe('completed still 100 ');
  press(element, 'generate');
  await expect.poll(text).toMatch(/^following/);
  expect(await submits(server)).toBe(2);
});

it('submits at once are as many as asked for with concurrent', async () => {
  const server = await startMock({ faults: [{ route: 'generate', type: 'slow', delayMs: 300 }] });
  const { element, text } = mount(<Maker client={connect(server)} options={{ concurrent: true }} />);
  await expect.poll(text).toMatch(/^idle/);
  press(element, 'generate');
  press(element, 'generate');
  await expect.poll(text).toMatch(/^following/);
  expect(await submits(server)).toBe(2);
});

it('a submit that fails is stopped with its error, and the next one starts clean', async () => {
  const server = await startMock({ faults: [{ route: 'generate', type: 'status', status: 402, times: 1 }] });
  const { element, text } = mount(<Maker client={connect(server)} />);
  await expect.poll(text).toMatch(/^idle/);
  press(element, 'generate');
  await expect.poll(text).toBe('stopped still  payment-required');
  press(element, 'generate');
  await expect.poll(text).toBe('following pending 0 ');
});

it('a job of before a reload is followed until another is submitted, and forgotten by reset', async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  await server.do('advance', id, { status: 'processing', progress: 70 });
  const { element, text } = mount(<Maker client={connect(server)} jobId={id} />);
  await expect.poll(text).toBe('following pending 70 ');
  press(element, 'generate');
  await expect.poll(text).toBe('following pending 0 ');
  press(element, 'reset');
  await expect.poll(text).toBe('idle still  ');
  await allClosed(server);
});

it('a job that the backend cannot cancel goes on, and the error says so', async () => {
  const server = await startMock();
  const { element, text } = mount(<Maker client={connect(server)} />);
  await expect.poll(text).toMatch(/^idle/);
  press(element, 'generate');
  press(element, 'cancel');
  await expect.poll(text).toBe('following pending 0 configuration');
  const [id] = await server.do('jobIds');
  await server.do('advance', String(id), end);
  await expect.poll(text).toMatch(/^completed still 100/);
});

it('a client made in each render is reported once, and the job is followed by one of them', async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  const complaint = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => complaint.mockRestore());
  const { element } = mount(<Page baseUrl={server.url} id={id} />);
  await expect.poll(() => element.textContent).toMatch(/queued/);
  for (let clicks = 1; clicks <= 5; clicks++) {
    press(element, 'tick');
    await expect.poll(() => element.textContent).toContain(`clicked ${clicks}`);
  }
  await server.do('advance', id, end);
  await expect.poll(() => element.textContent).toMatch(/^clicked 5 completed/);
  const sockets = (await server.do('requests')).filter(({ route }) => route === 'websocket').length;
  // One at first, and the two that could still have been a change of client.
  expect(sockets).toBeLessThanOrEqual(3);
  expect(
    complaint.mock.calls.filter(([text]) => /new VideoClient in each render/.test(String(text))),
  ).toHaveLength(1);
});

it('what a server component knew is shown in the first render, and a completed job is not asked for', async () => {
  const server = await startMock();
  const id = await server.do('createJob', {});
  await server.do('advance', id, end);
  const client = connect(server);
  const known = await client.status(id);
  const before = await server.do('requests');
  expect(renderToString(<Shown client={client} known={known} />)).toContain('completed 100 true');
  const { text } = mount(<Shown client={client} known={known} />);
  await expect.poll(text).toBe('completed 100 true');
  expect(await server.do('requests')).toEqual(before);
});
