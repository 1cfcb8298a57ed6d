import { afterEach, describe, expect, it, vi } from 'vitest';
import { turnAwayStrangers } from '../../../src/mock-server/hosted/comfy-ui/origin.js';
import { orderOf, validate } from '../../../src/mock-server/hosted/comfy-ui/validation.js';
import { MockService } from '../../../src/mock-server/service.js';
import { workflow } from '../../support/workflow.js';

afterEach(() => void vi.useRealTimers());

describe('the queue of the mock of ComfyUI', () => {
  it('has a job in its history only some time after its last word', () => {
    vi.useFakeTimers();
    const service = new MockService();
    const job = service.jobs.create({ dialect: 'comfyUI', manual: true });
    job.complete();
    const run = service.comfyUI.runOf(job.id);
    expect(run?.messages.map(([type]) => type)).toEqual([
      'execution_start',
      'execution_cached',
      'execution_success',
    ]);
    expect([run?.isWritten, service.comfyUI.running.length]).toEqual([false, 1]);
    vi.advanceTimersByTime(100);
    expect([run?.isWritten, service.comfyUI.running.length]).toEqual([true, 0]);
  });

  it('goes on where the job that runs was forgotten', async () => {
    vi.useFakeTimers();
    const service = new MockService({ durationMs: 100 });
    const [first, second] = [1, 2].map(() => service.jobs.create({ dialect: 'comfyUI' }));
    await vi.advanceTimersByTimeAsync(50);
    expect([first?.status, second?.status]).toEqual(['processing', 'queued']);
    service.jobs.delete(first?.id ?? '');
    service.jobs.create({ dialect: 'comfyUI' });
    await vi.advanceTimersByTimeAsync(120);
    expect(second?.status).toBe('completed');
  });
});

describe('the graph of a submit', () => {
  it('is run from what a node hangs on to the node', () => {
    const order = orderOf(workflow() as never, ['10']);
    expect(order).toHaveLength(10);
    for (const [id, node] of Object.entries(workflow())) {
      for (const value of Object.values(node.inputs))
        if (Array.isArray(value)) expect(order.indexOf(value[0])).toBeLessThan(order.indexOf(id));
    }
  });

  it('is good where all of it is, and has no place for what hangs on nothing that saves', () => {
    const good = validate(workflow() as never, () => true);
    expect(good).toEqual({ outputs: ['10'], nodeErrors: {} });
    const more = { ...workflow(), '11': { class_type: 'VAELoader', inputs: {} } };
    expect(validate(more as never, () => true)).toEqual(good);
  });
});

it.each<[string, Record<string, string>, boolean]>([
  ['of no page', { host: '127.0.0.1:8188' }, true],
  ['of its own page', { host: 'localhost:8188', origin: 'http://localhost:8188' }, true],
  ['of another port', { host: 'localhost:8188', origin: 'http://localhost:5173' }, false],
  ['of another name of the machine', { host: 'localhost:8188', origin: 'http://127.0.0.1:8188' }, false],
  ['of another site', { host: '127.0.0.1:8188', origin: 'https://evil.example' }, false],
  ['of another site, called by a name', { host: 'gpu.example', origin: 'https://evil.example' }, true],
  ['of a page that is none', { host: '127.0.0.1:8188', origin: 'null' }, true],
])('a request %s is let in, or is not', (_, headers, isLetIn) => {
  expect(turnAwayStrangers(new Headers(headers))?.status).toBe(isLetIn ? undefined : 403);
});
