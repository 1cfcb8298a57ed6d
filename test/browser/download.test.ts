import { describe, expect, it, onTestFinished } from 'vitest';
import { mockMedia, patternBytes } from '../../src/mock-server/media/files.js';
import { connect } from './support/client.js';
import { type RemoteMock, STARTS } from './support/remote-mock.js';

async function completed(server: RemoteMock, init: { videoBytes?: number } = {}): Promise<string> {
  const id = await server.do('createJob', init);
  await server.do('advance', id, { status: 'completed', progress: 100 });
  return id;
}

describe.each(STARTS)('of %s', (_server, start) => {
  it('every byte comes, with the type, the size and a name', async () => {
    const server = await start();
    const id = await completed(server);
    const video = await connect(server).download(id);
    const media = mockMedia();
    expect(video).toMatchObject({ size: media.byteLength, contentType: 'video/mp4' });
    expect(video.filename).toMatch(/\.mp4$/);
    expect(await video.bytes()).toEqual(media);
  });

  it('the blob plays', async () => {
    const server = await start();
    const blob = await (await connect(server).download(await completed(server))).blob();
    const video = document.createElement('video');
    video.muted = true;
    video.src = URL.createObjectURL(blob);
    document.body.append(video);
    onTestFinished(() => {
      URL.revokeObjectURL(video.src);
      video.remove();
    });
    await video.play();
    await expect.poll(() => video.currentTime, { timeout: 8_000 }).toBeGreaterThan(0);
    expect([video.videoWidth, video.videoHeight]).toEqual([320, 180]);
  });

  it('a download that is cut off goes on where it was', async () => {
    const size = 3_000_000;
    const server = await start({
      faults: [
        // Slow enough that what came before the drop is read, and not thrown away with the broken answer.
        { route: 'download', type: 'trickle', bytesPerSecond: 4_000_000 },
        { route: 'download', type: 'drop', atByte: 1_000_000, times: 1 },
      ],
    });
    const id = await completed(server, { videoBytes: size });
    const told: number[] = [];
    const video = await connect(server).download(id, {
      onProgress: ({ receivedBytes }) => told.push(receivedBytes),
    });
    const bytes = await video.bytes();
    expect(bytes.byteLength).toBe(size);
    expect(bytes.subarray(-5_000)).toEqual(patternBytes(size - 5_000, 5_000));
    expect(told.at(-1)).toBe(size);
    const ranges = (await server.do('requests')).map(({ headers }) => headers.range).filter(Boolean);
    expect(ranges).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('a stream is read bit by bit', async () => {
    const server = await start();
    const id = await completed(server, { videoBytes: 500_000 });
    const reader = (await connect(server).download(id)).stream().getReader();
    let size = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read())
      size += part.value.byteLength;
    expect(size).toBe(500_000);
  });

  it('an abort ends it with the signal’s own reason', async () => {
    const server = await start({
      faults: [{ route: 'download', type: 'trickle', bytesPerSecond: 10_000 }],
    });
    const id = await completed(server, { videoBytes: 500_000 });
    const controller = new AbortController();
    const video = await connect(server).download(id, { signal: controller.signal });
    const bytes = video.bytes();
    controller.abort('enough');
    await expect(bytes).rejects.toBe('enough');
  });

  it('save without a dialog makes the page download it, by a safe name', async () => {
    // Only a click may open the dialog, and in one engine alone.
    const saved: { name: string; bytes: Promise<ArrayBuffer> }[] = [];
    const onClick = (event: MouseEvent) => {
      if (!(event.target instanceof HTMLAnchorElement) || event.target.download === '') return;
      event.preventDefault();
      const { download: name, href } = event.target;
      saved.push({ name, bytes: fetch(href).then((response) => response.arrayBuffer()) });
    };
    document.addEventListener('click', onClick);
    onTestFinished(() => document.removeEventListener('click', onClick));
    const server = await start();
    const video = await connect(server).download(await completed(server));
    await video.save('../my: film.mp4');
    expect(saved).toHaveLength(1);
    expect(saved[0]?.name).not.toMatch(/[/\\:]/);
    expect(new Uint8Array((await saved[0]?.bytes) ?? new ArrayBuffer())).toEqual(mockMedia());
    expect(document.querySelector('a[download]')).toBeNull();
  });
});
