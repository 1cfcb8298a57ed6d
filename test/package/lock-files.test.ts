import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = ['', 'test/consumers/', 'test/runtimes/'].map((folder) => `${folder}package-lock.json`);

/** What has no hash, as `folder/package-lock.json name@version`, each with the reason. */
const WITHOUT_HASH: Readonly<Record<string, string>> = {};

describe.each(files)('%s', (file) => {
  const { packages } = JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as {
    packages: Readonly<Record<string, Entry>>;
  };
  const installed = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);

  it('has the hash of every package, of other platforms too, so that none is installed unchecked', () => {
    const unchecked = installed.flatMap(([path, { version, integrity }]) =>
      /^sha512-[\w+/]{86}==$/.test(integrity ?? '')
        ? []
        : `${path.replace(/^.*node_modules\//, '')}@${version}`,
    );
    expect(
      unchecked.filter((name) => WITHOUT_HASH[`${file} ${name}`] === undefined),
      'add "integrity": `npm view NAME@VERSION dist.integrity` says it, and the last commit may have it',
    ).toEqual([]);
  });

  it('names no registry, so that it serves wherever packages are taken from', () => {
    const named = installed.filter(([, { resolved }]) => resolved !== undefined);
    expect(named, 'install with `npm install --omit-lockfile-registry-resolved`').toEqual([]);
  });
});
