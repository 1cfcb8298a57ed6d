import { describe, expect, it } from 'vitest';
import type { MockFault } from '../../../src/mock-server/fault.js';
import { parseMockFault } from '../../../src/mock-server/fault-text.js';
import { MockFaults } from '../../../src/mock-server/faults.js';

const types = (faults: MockFaults, route: Parameters<MockFaults['take']>[0], jobIds: string[] = []) =>
  faults.take(route, jobIds).all.map(({ type }) => type);

describe('faults in force', () => {
  it('strike every route and job where nothing else is said', () => {
    const faults = new MockFaults([{ type: 'stall' }]);
    expect(types(faults, 'status', ['a'])).toEqual(['stall']);
    expect(types(faults, 'websocket')).toEqual(['stall']);
  });

  it('strike their routes only', () => {
    const faults = new MockFaults([
      { type: 'stall', route: ['sse', 'list'] },
      { type: 'html', route: 'status' },
    ]);
    expect(types(faults, 'sse')).toEqual(['stall']);
    expect(types(faults, 'status')).toEqual(['html']);
    expect(types(faults, 'generate')).toEqual([]);
  });

  it('strike their job only, and on a WebSocket leave it to its frames', () => {
    const faults = new MockFaults([{ type: 'drop-terminal', jobId: 'a' }]);
    expect(types(faults, 'status', ['b'])).toEqual([]);
    expect(types(faults, 'sse', ['b', 'a'])).toEqual(['drop-terminal']);
    expect(types(faults, 'websocket')).toEqual(['drop-terminal']);
  });

  it('come in the order of adding, several at a time', () => {
    const faults = new MockFaults([{ type: 'slow', delayMs: 1 }]);
    faults.add({ type: 'html' });
    expect(types(faults, 'status')).toEqual(['slow', 'html']);
  });

  it('wait, pause and wear out as they say', () => {
    const faults = new MockFaults([{ type: 'html', after: 1, every: 2, times: 2 }]);
    const struck = Array.from({ length: 6 }, () => types(faults, 'status').length);
    expect(struck).toEqual([0, 1, 0, 1, 0, 0]);
    expect(faults.size).toBe(0);
  });

  it('do not count what they are not about', () => {
    const faults = new MockFaults([{ type: 'html', route: 'status', times: 1 }]);
    types(faults, 'generate');
    expect(types(faults, 'status')).toEqual(['html']);
    expect(types(faults, 'status')).toEqual([]);
  });
});

describe('a fault in text', () => {
  it.each<[string, MockFault]>([
    ['websocket=blackhole', { route: 'websocket', type: 'stall' }],
    ['status=status:503', { route: 'status', type: 'status', status: 503 }],
    ['*=slow:2000', { type: 'slow', delayMs: 2_000 }],
    ['download=drop:100', { route: 'download', type: 'drop', atByte: 100 }],
    ['sse=buffer:5000', { route: 'sse', type: 'buffer', forMs: 5_000 }],
  ])('is read: %s', (text, fault) => {
    expect(parseMockFault(text)).toEqual(fault);
  });

  it.each([
    '',
    'stall',
    'nowhere=stall',
    'status=status',
    'status=html:5',
    'status=__proto__',
    'status=constructor',
  ])('is refused with what there is: %j', (text) => {
    expect(() => parseMockFault(text)).toThrow(/a fault is route=name|no such fault; there are/);
  });
});
