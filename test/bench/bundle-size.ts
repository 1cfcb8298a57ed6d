import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { printTable } from './support/table.js';

export const name = 'bundle-size';

const LIMIT_BYTES = 18_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

const PROGRAMS: Readonly<Record<string, string>> = {
  "{ VideoClient } from 'reelwire'": "import { VideoClient as x } from 'reelwire'; console.log(x);",
  'its four dependencies alone': `import { EventEmitter } from 'eventemitter3'; import ws from 'isomorphic-ws';
    import { EventSource } from 'eventsource'; import * as z from 'zod/mini';
    console.log(EventEmitter, ws, EventSource, z.looseObject({ a: z.optional(z.string()) }).safeParse({}));`,
  replicate: "import x from 'replicate'; console.log(x);",
  '@fal-ai/client': "import { fal as x } from '@fal-ai/client'; console.log(x);",
  '@runwayml/sdk': "import x from '@runwayml/sdk'; console.log(x);",
  openai: "import x from 'openai'; console.log(x);",
  "{ verifyWebhookSignature } from 'reelwire/webhooks'":
    "import { verifyWebhookSignature as x } from 'reelwire/webhooks'; console.log(x);",
  standardwebhooks: "import { Webhook as x } from 'standardwebhooks'; console.log(x);",
};

/** What an application's page has to load, minified and compressed, everything in it. */
export async function run(): Promise<void> {
  const sizes = await Promise.all(
    Object.entries(PROGRAMS).map(async ([label, contents]) => {
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: root },
        // Else the repository's own paths would put the sources in the package's place.
        tsconfigRaw: {},
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'browser',
        // Some peers reach for modules of Node, which their users' bundlers leave empty.
        external: ['node:*', 'fs', 'path', 'stream', 'crypto', 'buffer', 'util'],
        write: false,
        logLevel: 'error',
      });
      const [output] = outputFiles;
      return { label, bytes: output?.contents ?? new Uint8Array() };
    }),
  );
  const rows = sizes.map(({ label, bytes }) => ({
    label,
    min: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
  }));
  const ours = rows[0]?.gzip ?? Number.NaN;
  printTable(
    ['browser bundle', 'min kB', 'min+gzip kB', 'ratio'],
    rows.map(({ label, min, gzip }) => [
      label,
      (min / 1_000).toFixed(1),
      (gzip / 1_000).toFixed(1),
      (gzip / ours).toFixed(2),
    ]),
  );
  console.log(`limits: ${LIMIT_BYTES / 1_000} kB, and 2.5 kB for verifyWebhookSignature`);
}
