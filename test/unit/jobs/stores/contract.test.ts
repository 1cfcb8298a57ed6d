import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { MemoryJobStore } from '../../../../src/jobs/memory-store.js';
import { FileJobStore } from '../../../../src/jobs/stores/file.js';
import { testJobStore } from '../../../../src/jobs/testing.js';

describe('the store in memory', () => {
  testJobStore(() => new MemoryJobStore(), { test: it });
});

describe('the store of files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reelwire-jobs-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  testJobStore(() => new FileJobStore(join(folder, 'not', 'yet', 'there')), { test: it });
});
