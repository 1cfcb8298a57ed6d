import type { Check } from './programs/scenario.js';

/** The columns of the table: what the scenario checks, how the package is loaded, and the end of the process. */
export const COLUMNS = {
  generate: 'generate',
  websocket: 'WebSocket',
  sse: 'SSE',
  polling: 'polling',
  download: 'download',
  save: 'save to a file',
  webhook: 'verify a webhook',
  relay: 'serve a relay',
  esm: 'ESM',
  cjs: 'CommonJS',
  exits: 'exits by itself',
} as const satisfies Record<Exclude<Check, 'classes'> | 'relay' | 'esm' | 'cjs' | 'exits', string>;
export type Column = keyof typeof COLUMNS;

export interface Runtime {
  /** As the README has it. Of what is pinned here, with the major version. */
  readonly name: string;
  readonly kind: 'node' | 'bun' | 'deno' | 'workerd' | 'chromium' | 'firefox' | 'webkit';
  /** What the runtime itself has not, and what the package says where it is asked for it nevertheless. */
  readonly lacks: Partial<Record<Column, RegExp | null>>;
}

/** Pages and workers are bundled of ES modules. */
const noCommonJS = { cjs: null };
/** A page serves nobody. */
const aPage = { ...noCommonJS, relay: null };
const noFileSystem = { save: /^DownloadError: .* there is neither a page nor a file system$/ };

export const RUNTIMES: readonly Runtime[] = [
  { name: 'Node 20', kind: 'node', lacks: {} },
  { name: 'Node 22', kind: 'node', lacks: {} },
  { name: 'Node 24', kind: 'node', lacks: {} },
  { name: 'Bun 1', kind: 'bun', lacks: {} },
  { name: 'Deno 2', kind: 'deno', lacks: {} },
  { name: 'workerd', kind: 'workerd', lacks: { ...noCommonJS, ...noFileSystem } },
  { name: 'Chromium', kind: 'chromium', lacks: aPage },
  { name: 'Firefox', kind: 'firefox', lacks: aPage },
  { name: 'WebKit', kind: 'webkit', lacks: aPage },
];
