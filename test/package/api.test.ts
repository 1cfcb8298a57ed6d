import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { entries, extractApi, reportFile, reportFolder } from './api/extract.js';

const folder = mkdtempSync(join(tmpdir(), 'reelwire-api-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (from: string, subpath: string): string => readFileSync(join(from, reportFile(subpath)), 'utf8');

it.each([...entries.keys()])('the public API of %s is the one in its report', (subpath) => {
  extractApi(subpath, folder);
  expect(
    read(folder, subpath),
    'the public API is another one: if that is meant, run `npm run api` and commit the report',
  ).toBe(read(reportFolder, subpath));
});

it('reports every entry point, and none that is no more', () => {
  const reports = readdirSync(reportFolder).filter((file) => file.endsWith('.api.md'));
  expect(reports.sort()).toEqual([...entries.keys()].map(reportFile).sort());
});

it.each([...entries.keys()])('nothing in the public API of %s is of type any', (subpath) => {
  const types = read(reportFolder, subpath).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  expect(types).not.toMatch(/\bany\b/);
});
