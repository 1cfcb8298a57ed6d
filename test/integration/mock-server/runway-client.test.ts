import RunwayML, { TaskFailedError } from '@runwayml/sdk';
import { describe, expect, it } from 'vitest';
import {
  createMockServer,
  type MockServer,
  type MockServerOptions,
  mockMedia,
} from '../../../src/mock-server/index.js';

const boat = { model: 'gen4.5', promptText: 'A boat', ratio: '1280:720', duration: 5 } as const;
const promptImage = 'https://host.test/a.png';

function startServer(options: MockServerOptions = {}) {
  return createMockServer({ manual: true, auth: { type: 'bearer', token: 'key_mock' }, ...options });
}

/** Runway's own client, of whatever version is installed. */
function official(server: MockServer, apiKey = 'key_mock') {
  return new RunwayML({ apiKey, baseURL: server.urlOf('runway'), maxRetries: 0 });
}

describe('the official client cannot tell the mock server from Runway', () => {
  it('when it submits each task, asks for it, and waits for its output', async () => {
    await using server = await startServer();
    const runway = official(server);
    const made = [
      await runway.textToVideo.create(boat),
      await runway.imageToVideo.create({ ...boat, promptImage: [{ uri: promptImage, position: 'first' }] }),
      await runway.videoToVideo.create({ model: 'aleph2', videoUri: promptImage }),
    ];
    expect(made.map(({ estimatedCost }) => estimatedCost.credits)).toEqual([60, 60, 75]);
    for (const { id } of made) {
      const job = server.jobs.get(id);
      expect(await runway.tasks.retrieve(id)).toMatchObject({ id, status: 'PENDING' });
      job?.advance({ word: 'THROTTLED' });
      expect(await runway.tasks.retrieve(id)).toMatchObject({ status: 'THROTTLED' });
      job?.advance({ status: 'processing', progress: 50 });
      expect(await runway.tasks.retrieve(id)).toMatchObject({ status: 'RUNNING', progress: 0.5 });
      job?.complete();
      const { output, cost } = await runway.tasks.retrieve(id).waitForTaskOutput();
      const file = await fetch(String(output[0]));
      expect(new Uint8Array(await file.arrayBuffer())).toEqual(mockMedia());
      expect(cost.credits).toBeGreaterThan(0);
    }
  });

  it('when a task fails', async () => {
    await using server = await startServer();
    const runway = official(server);
    const { id } = await runway.textToVideo.create(boat);
    server.jobs.get(id)?.fail('It was flagged', 'SAFETY.OUTPUT.VIDEO');
    const failed = runway.tasks.retrieve(id).waitForTaskOutput();
    await expect(failed).rejects.toThrow(TaskFailedError);
    await expect(runway.tasks.retrieve(id).waitForTaskOutput()).rejects.toMatchObject({
      message: 'It was flagged',
      taskDetails: { failureCode: 'SAFETY.OUTPUT.VIDEO', cost: { credits: 0 } },
    });
  });

  it('when it cancels one, and deletes another', async () => {
    await using server = await startServer();
    const runway = official(server);
    const [running, ended] = [await runway.textToVideo.create(boat), await runway.textToVideo.create(boat)];
    server.jobs.get(ended.id)?.complete();
    for (const { id } of [running, ended]) {
      await runway.tasks.delete(id);
      await expect(runway.tasks.retrieve(id)).rejects.toThrow(RunwayML.NotFoundError);
    }
  });

  it('when it reads the organization', async () => {
    await using server = await startServer();
    const told = await official(server).organization.retrieve();
    expect(told.creditBalance).toBeGreaterThan(0);
    expect(told.tier.models['gen4.5']).toMatchObject({ maxConcurrentGenerations: expect.any(Number) });
    expect(told.usage.models['gen4.5']).toEqual({ dailyGenerations: 0 });
  });

  it('when it is refused', async () => {
    await using server = await startServer();
    await expect(official(server, 'key_wrong').organization.retrieve()).rejects.toThrow(
      RunwayML.AuthenticationError,
    );
    await expect(official(server).textToVideo.create({ ...boat, duration: 11 })).rejects.toMatchObject({
      ...{ status: 400, error: { issues: [{ path: ['duration'] }] } },
    });
  });

  it('which sends a submit whose answer was lost again, and pays for two', async () => {
    await using server = await startServer({
      faults: [{ route: 'generate', type: 'reset', at: 'after-handling', times: 1 }],
    });
    const runway = new RunwayML({ apiKey: 'key_mock', baseURL: server.urlOf('runway') });
    await runway.textToVideo.create(boat);
    expect(server.jobs.size).toBe(2);
  });
});
