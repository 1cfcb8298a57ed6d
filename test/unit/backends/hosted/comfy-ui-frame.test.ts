import { describe, expect, it } from 'vitest';
import { comfyUI } from '../../../../src/backends/hosted/comfy-ui.js';
import { parseComfyFrame } from '../../../../src/backends/hosted/comfy-ui-frame.js';
import { applyUpdate } from '../../../../src/core/job-state.js';
import type { JobSnapshot, JobUpdate, StreamMessage } from '../../../../src/core/model.js';
import { answer, fixture, statusOf } from '../fixtures.js';

const id = '0c5f3a52-6d2b-4a7e-9d3a-5b1f0a7c9e11';
const backend = comfyUI();

/** A job that is followed: what its status said first, and what each frame makes of it. */
class Followed {
  snapshot: JobSnapshot | undefined;
  readonly progress: number[] = [];
  readonly messages: (string | undefined)[] = [];

  constructor(name: string | null = 'status-pending') {
    if (name !== null) this.learn(statusOf(backend, answer(fixture('comfy-ui', name).body), id));
  }

  learn(update: JobUpdate): void {
    this.snapshot = applyUpdate(this.snapshot, update, 'websocket', 0);
  }

  say(type: string, data: Readonly<Record<string, unknown>> = {}): StreamMessage {
    const frame = JSON.stringify({ type, data: { prompt_id: id, ...data } });
    const message = parseComfyFrame(frame, (jobId) => (jobId === id ? this.snapshot : undefined));
    if (message.type === 'update') {
      this.learn(message.update);
      this.progress.push(this.snapshot?.progress ?? 0);
      this.messages.push(this.snapshot?.message);
    }
    return message;
  }
}

const state = (node: string, value: number, max = 20, more: object = {}) => ({
  ...{ node_id: node, display_node_id: node, real_node_id: node, parent_node_id: null, prompt_id: id },
  ...{ value, max, state: value === max ? 'finished' : 'running' },
  ...more,
});

describe('the percentage of comfyUI', () => {
  it('is that of all nodes of the graph, each as far as it is', () => {
    const job = new Followed();
    job.say('execution_start');
    job.say('execution_cached', { nodes: ['4'] });
    job.say('progress_state', { nodes: { 3: state('3', 5) } });
    job.say('progress_state', { nodes: { 3: state('3', 20) } });
    job.say('progress_state', { nodes: { 3: state('3', 20), 8: state('8', 1, 1), 9: state('9', 0, 1) } });
    // Of four: one is cached, one a quarter done, then done, then another.
    expect(job.progress).toEqual([0, 25, 31.2, 50, 75]);
    expect(job.snapshot).toMatchObject({ status: 'processing', raw: { type: 'progress_state' } });
  });

  it('counts nodes that carry out one of the graph as that one, until it says itself that it is done', () => {
    const job = new Followed();
    const part = (name: string, value: number) => state(name, value, 1, { display_node_id: '3' });
    job.say('progress_state', {
      nodes: { 3: state('3', 0, 1), '3.0.1': part('3.0.1', 1), '3.0.2': part('3.0.2', 0) },
    });
    job.say('progress_state', { nodes: { 3: state('3', 0, 1), '3.0.1': part('3.0.1', 0) } });
    job.say('progress_state', { nodes: { 3: state('3', 1, 1), '3.0.1': part('3.0.1', 0) } });
    job.say('progress_state', { nodes: { 99: state('99', 1, 1) } });
    // A third of a quarter; no way back; all of it; and of what the graph does not have, nothing.
    expect(job.progress).toEqual([8.3, 8.3, 25, 25]);
  });

  it('keeps no more than the graph has, and takes a frame that is full of others in its stride', () => {
    const job = new Followed();
    job.say('execution_start');
    const parts = Array.from({ length: 9_000 }, (_, part) => [`3.${part}`, state('3', 1, 2)]);
    const others = Array.from({ length: 3_000 }, (_, other) => [
      `other ${other}`,
      state(`other ${other}`, 1),
    ]);
    const startedAt = process.cpuUsage();
    job.say('progress_state', { nodes: Object.fromEntries([...parts, ...others]) });
    job.say('execution_cached', { nodes: Array.from({ length: 3_000 }, (_, index) => `cached ${index}`) });
    job.say('executing', { node: 'another' });
    // Hundredths of a second; where each part had all those before it copied, it was seconds.
    expect(process.cpuUsage(startedAt).user).toBeLessThan(1_000_000);
    expect(job.snapshot?.raw).toHaveProperty('nodes', { 3: 0.5 });
  });

  it('is never 100 before the end, however near, and never beyond', () => {
    const job = new Followed();
    const nodes = Object.fromEntries(['3', '4', '8', '9'].map((node) => [node, state(node, 9_999, 10_000)]));
    job.say('progress_state', { nodes });
    job.say('progress_state', { nodes: { ...nodes, 3: state('3', 900, 20) } });
    expect(job.progress).toEqual([99.9, 99.9]);
  });

  it('is counted by which node runs, on servers that do not tell of all of them at once', () => {
    const job = new Followed('status-pending');
    job.say('execution_start');
    job.say('executing', { node: '4', display_node: '4' });
    job.say('executing', { node: '3', display_node: '3' });
    job.say('progress', { node: '3', value: 10, max: 20 });
    job.say('executing', { node: '8', display_node: '8' });
    job.say('executing', { node: '9', display_node: '9' });
    expect(job.progress).toEqual([0, 0, 25, 37.5, 50, 75]);
    expect(job.messages.slice(1)).toEqual(['UNETLoader', 'Sampling', 'Sampling', 'VAEDecode', 'SaveVideo']);
  });

  it('is counted by the states alone where they come: a node may give way to what it waits for', () => {
    const job = new Followed();
    job.say('progress_state', { nodes: { 3: state('3', 0, 1) } });
    job.say('executing', { node: '3' });
    job.say('executing', { node: '4' });
    expect(job.say('progress', { node: '4', value: 1, max: 1 })).toEqual({ type: 'control' });
    expect(job.progress.at(-1)).toBe(0);
  });

  it.each(['status-in-progress', 'queue'])('has the graph from the status of a running job: %s', (name) => {
    const job = new Followed(name === 'queue' ? null : name);
    if (name === 'queue') {
      const { queue_running } = fixture('comfy-ui', 'queue-running').body as { queue_running: unknown[] };
      job.learn({ jobId: id, status: 'processing', raw: queue_running[0] });
    }
    job.say('progress_state', { nodes: { 3: state('3', 10) } });
    expect(job.progress).toEqual([12.5]);
  });

  it('waits for the graph: until the status has told it, frames have it asked', () => {
    for (const known of [undefined, { jobId: id, status: 'queued', raw: { prompt_id: id } } as const]) {
      const job = new Followed(null);
      if (known !== undefined) job.learn(known);
      expect(job.say('execution_start')).toEqual({ type: 'ask', jobId: id });
      expect(job.say('progress_state', { nodes: { 3: state('3', 10) } })).toEqual({ type: 'ask', jobId: id });
    }
  });

  it('is none where a server runs a job and never tells its graph: it is not asked again and again', () => {
    const job = new Followed(null);
    job.learn({ jobId: id, status: 'processing', raw: { id, status: 'in_progress' } });
    expect(job.say('progress_state', { nodes: { 3: state('3', 10) } })).toMatchObject({
      ...{ type: 'update', update: { status: 'processing' } },
    });
    expect(job.snapshot).toMatchObject({ progress: 0, indeterminate: true });
  });
});

describe('the end of a job of comfyUI', () => {
  it('comes with "executing null", not before: the history is written only then', () => {
    const job = new Followed();
    job.say('execution_start');
    job.say('execution_success', { timestamp: 1 });
    expect(job.snapshot?.status).toBe('processing');
    expect(job.say('executing', { node: null })).toMatchObject({
      ...{ type: 'update', update: { jobId: id, status: 'completed', isPartial: true } },
    });
  });

  it('is asked for where nobody has seen that it went well: that frame comes after errors, too', () => {
    expect(new Followed('status-in-progress').say('executing', { node: null })).toEqual({
      type: 'ask',
      jobId: id,
    });
    expect(new Followed(null).say('executing', { node: null })).toEqual({ type: 'ask', jobId: id });
  });

  it('is the failure of a node, with its words', () => {
    const { execution_error } = fixture('comfy-ui', 'status-failed').body as { execution_error: object };
    expect(new Followed().say('execution_error', { ...execution_error })).toMatchObject({
      update: {
        ...{ status: 'failed', errorCode: 'torch.OutOfMemoryError' },
        error: 'CUDA out of memory. Tried to allocate 2.00 GiB (node 3 (KSampler))',
      },
    });
  });

  it('is none where a node is only blocked: the rest goes on', () => {
    const job = new Followed('status-in-progress');
    const blocked = { exception_type: 'ExecutionBlocked', exception_message: 'Execution Blocked: no' };
    expect(job.say('execution_error', blocked)).toEqual({ type: 'control' });
    expect(job.snapshot?.status).toBe('processing');
  });

  it('is an interruption, whoever made it', () => {
    expect(
      new Followed().say('execution_interrupted', { node_id: '3', node_type: 'KSampler' }),
    ).toMatchObject({
      update: { status: 'failed', error: 'interrupted at node 3 (KSampler)', errorCode: 'cancelled' },
    });
  });
});

describe('a frame of comfyUI', () => {
  const parse = (frame: unknown) =>
    parseComfyFrame(typeof frame === 'string' ? frame : JSON.stringify(frame));
  const status = { status: { exec_info: { queue_remaining: 1 } } };

  it('says that the queue has changed: then all are asked, but not by the greeting', () => {
    expect(parse({ type: 'status', data: status })).toEqual({ type: 'ask' });
    expect(parse({ type: 'status', data: { ...status, sid: 'x' } })).toEqual({ type: 'control' });
  });

  it.each<[string, unknown]>([
    ['the node that runs, after a reconnect, without the job', { type: 'executing', data: { node: '3' } }],
    ['flags', { type: 'feature_flags', data: { supports_preview_metadata: true } }],
    ['what an extension says', { type: 'crystools.monitor', data: { cpu_utilization: 3 } }],
    ['a notification without data', { type: 'notification' }],
  ])('may be nothing of ours: %s', (_, frame) => {
    expect(parse(frame)).toEqual({ type: 'control' });
  });

  it('has what is nested too deep for whoever shows it cut off', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const data = `{"prompt_id":"${id}","exception_message":"Out of memory","current_inputs":${deep}}`;
    const told = parseComfyFrame(`{"type":"execution_error","data":${data}}`);
    expect(told).toMatchObject({ update: { status: 'failed', error: 'Out of memory' } });
    expect(JSON.stringify(told).length).toBeLessThan(1_000);
  });

  it('is a problem where it is no JSON, or has no type', () => {
    for (const frame of ['{"type":', '[]', '7', '{}', '{"type":3}'])
      expect(parse(frame).type).toBe('problem');
  });
});
