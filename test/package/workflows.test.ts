import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

type Permissions = Readonly<Record<string, string>>;

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Permissions;
  readonly environment?: string;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Permissions;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = fileURLToPath(new URL('../../.github/workflows', import.meta.url));
const workflows = readdirSync(folder).map((file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  return { file, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ file, name, job })),
);
const steps = jobs.flatMap(({ job }) => job.steps);

it('there is one that tests and one that publishes', () => {
  expect(workflows.map(({ file }) => file).sort()).toEqual(['ci.yml', 'publish.yml']);
});

describe.each(workflows)('$file', ({ text, workflow }) => {
  it('gives nothing to a job that does not ask, and runs no code of strangers with rights', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    expect(Object.keys(workflow.on)).not.toContain('workflow_run');
  });

  it('pins each action by its commit, and says the version', () => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('holds no secret', () => {
    expect(text).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN|_authToken/);
  });
});

it('an action of one name is of one version everywhere', () => {
  const pinned = new Set(steps.flatMap(({ uses }) => uses ?? []));
  const names = new Set([...pinned].map((uses) => uses.split('@')[0]));
  expect(pinned.size).toBe(names.size);
});

it('no expression is put into a script, where a branch or a title could become code', () => {
  const scripts = steps.flatMap(({ run }) => run ?? []);
  expect(scripts.length).toBeGreaterThan(5);
  for (const script of scripts) expect(script).not.toContain('${{');
});

it('only the publishing job has an identity, and it has nothing else', () => {
  const granted = jobs.filter(({ job }) => job.permissions?.['id-token'] !== undefined);
  expect(granted).toMatchObject([
    {
      file: 'publish.yml',
      name: 'publish',
      job: { permissions: { 'id-token': 'write' }, environment: 'npm' },
    },
  ]);
  for (const { job } of granted) expect(Object.keys(job.permissions ?? {})).toEqual(['id-token']);
});

it('every other job reads the repository, and can write nothing', () => {
  for (const { file, name, job } of jobs) {
    if (file === 'publish.yml' && name === 'publish') continue;
    expect(job.permissions, `${file} ${name}`).toEqual({ contents: 'read' });
  }
});

it('the publishing job runs nothing of the repository, nor of what it depends on', () => {
  const publishing = jobs.find(({ name }) => name === 'publish')?.job.steps ?? [];
  const commands = publishing.map(({ uses, run }) => uses?.split('@')[0] ?? run ?? '');
  expect(commands).toEqual([
    'actions/setup-node',
    'actions/download-artifact',
    expect.stringContaining('11.5.1'),
    'npm publish ./reelwire-*.tgz --provenance --access public --ignore-scripts',
  ]);
});

it('what is published was packed by the scripts that write the folders of the subpaths', () => {
  const packing =
    steps
      .find(({ run }) => run?.includes('npm pack'))
      ?.run?.trim()
      .split('\n') ?? [];
  expect(packing.at(-1)).toBe('npm pack');
});

it('no checkout leaves its credentials for what runs after it', () => {
  const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
  expect(checkouts.length).toBeGreaterThan(3);
  for (const checkout of checkouts) expect(checkout.with).toMatchObject({ 'persist-credentials': false });
});

it('the runtime dependencies are audited on each change and before each release', () => {
  for (const { file } of workflows) {
    const commands = jobs
      .filter((job) => job.file === file)
      .flatMap(({ job }) => job.steps.map(({ run }) => run));
    expect(commands, file).toContain('npm audit --omit=dev');
  }
});

it('every npm script that a workflow runs is one of the package', () => {
  const manifest = readFileSync(join(folder, '../../package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  const named = steps.flatMap(({ run }) =>
    [...(run ?? '').matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(2);
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});
