import { createHash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { newSha256, PortableSha256 } from '../../../src/download/sha256.js';

const expected = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

it('the portable SHA-256 is that of Node for every length around its blocks, in pieces of any size', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) % 256);
    const hash = new PortableSha256();
    for (let at = 0; at < length; at += 11) hash.update(bytes.subarray(at, at + 11));
    expect(hash.digest(), `${length} bytes`).toBe(expected(bytes));
  }
});

it('the one of Node is taken where there is one, and the portable one elsewhere', () => {
  const bytes = new TextEncoder().encode('video');
  const native = newSha256();
  expect(native).not.toBeInstanceOf(PortableSha256);
  native.update(bytes);
  expect(native.digest()).toBe(expected(bytes));
  vi.stubGlobal('process', { ...process, getBuiltinModule: undefined });
  try {
    const portable = newSha256();
    expect(portable).toBeInstanceOf(PortableSha256);
    portable.update(bytes);
    expect(portable.digest()).toBe(expected(bytes));
  } finally {
    vi.unstubAllGlobals();
  }
});
