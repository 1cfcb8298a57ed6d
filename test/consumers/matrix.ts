import { readFileSync } from 'node:fs';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string }>>;
}

const here = readLock('package-lock.json');
const root = readLock('../../package-lock.json');

/** The versions of TypeScript that read the declarations, from the least that does. */
export const TYPESCRIPTS = ['5.2', '5.4', '5.9', '6', '7'] as const;

/** What else may be installed, also where this package can do nothing with it. */
export const PEERS = [
  { name: 'react', range: '^17.0.2', kept: /^17\./ },
  { name: 'msw', range: '^1.3.4', kept: /^1\./ },
  { name: 'msw', range: '2.4.9', kept: /^2\.4\.9$/ },
] as const;

interface Consumer {
  /** As the README has it, and the test that shows it. */
  readonly title: string;
  readonly versions: string;
  readonly shows: string;
}

/** What the packed package is put through: a row of the table in the README each. */
export const CONSUMERS = {
  jest: {
    title: 'Jest',
    versions: majorOf('jest'),
    shows: 'WebSocket, SSE, polling, saving',
  },
  jestJsdom: {
    title: 'Jest with jsdom',
    versions: majorOf('jest'),
    shows: 'WebSocket, SSE, polling, download, by what is for pages',
  },
  vitestJsdom: {
    title: 'Vitest with jsdom',
    versions: `${majorOf('vitest')}, jsdom ${majorOf('jsdom')}`,
    shows: 'SSE, polling, download, an upload',
  },
  vitestHappyDom: {
    title: 'Vitest with happy-dom',
    versions: `${majorOf('vitest')}, happy-dom ${majorOf('happy-dom')}`,
    shows: 'polling, download, an upload',
  },
  next: {
    title: 'Next',
    versions: majorOf('next'),
    shows: 'a page with the hooks; `export const POST = createWebhookHandler(…)`, built without the secret',
  },
  webpack: {
    title: 'webpack',
    versions: `${majorOf('webpack')}, and as 4 resolves`,
    shows: 'a page; nothing of Node in it',
  },
  parcel: { title: 'Parcel', versions: majorOf('parcel'), shows: 'a page, without any setting or polyfill' },
  metro: {
    title: 'Metro',
    versions: minorOf('metro'),
    shows: 'a bundle for iOS; nothing of Node in it, answers that are no streams, and old signals',
  },
  esbuild: {
    title: 'esbuild for Node',
    versions: minorOf('esbuild', root),
    shows: 'CommonJS (WebSocket, SSE) and ESM (SSE, polling), saving',
  },
  eslint: {
    title: 'ESLint',
    versions: majorOf('eslint'),
    shows: '`import/no-unresolved` by its default resolver, which reads no `exports`',
  },
  typescript: {
    title: 'TypeScript',
    versions: TYPESCRIPTS.join(', '),
    shows:
      'lib ES2022 and DOM, `skipLibCheck: false`, `exactOptionalPropertyTypes`; pages without the types of Node',
  },
  npm: {
    title: 'npm',
    versions: '',
    shows: `installed beside ${PEERS.map(({ name, range }) => `${name} ${range.replace(/\^?([\d.]+)\.\d+$/, '$1')}`).join(', ')}`,
  },
  yarn: {
    title: 'Yarn, Plug’n’Play',
    versions: majorOf('@yarnpkg/cli-dist'),
    shows: 'WebSocket, SSE, polling, saving, records in files, by `import` and `require`',
  },
} as const satisfies Readonly<Record<string, Consumer>>;

export function titleOf(consumer: keyof typeof CONSUMERS): string {
  return CONSUMERS[consumer].title;
}

/** The table in Markdown. */
export function toTable(): string {
  const rows = Object.values(CONSUMERS).map(({ title, versions, shows }) => [title, versions, shows]);
  const head = ['', 'Version', 'What is shown'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function readLock(path: string): Lock {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Lock;
}

function minorOf(name: string, lock: Lock = here): string {
  const [major, minor] = lock.packages[`node_modules/${name}`]?.version.split('.') ?? [];
  return `${major}.${minor}`;
}

function majorOf(name: string): string {
  return minorOf(name).replace(/\..*/, '');
}
