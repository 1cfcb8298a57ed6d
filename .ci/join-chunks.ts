import { readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type ChunkingContext, rolldown } from 'rolldown';

/**
 * esbuild makes a chunk for each set of entries that share something. Node pays for each file that it opens: so they
 * become one for all entries, and one for the entries of each room.
 * Of `bundles`, each is one script with what several entries of esbuild export.
 */
export async function joinChunks(
  folder: string,
  entries: readonly string[],
  bundles: Readonly<Record<string, readonly string[]>> = {},
): Promise<void> {
  for (const [name, parts] of Object.entries(bundles)) {
    const lines = parts.map((part) => `export * from ${JSON.stringify(resolve(folder, `${part}.js`))};\n`);
    await writeFile(join(folder, `${name}.js`), lines.join(''));
  }
  const bundle = await rolldown({
    input: Object.fromEntries(
      [...entries, ...Object.keys(bundles)].map((name) => [name, resolve(folder, `${name}.js`)]),
    ),
    platform: 'node',
    external: /^[^./]|\.cjs$/,
    treeshake: { moduleSideEffects: false },
    // It keeps the "use client" of an entry, and warns that it may not.
    checks: { moduleLevelDirective: false, bundlerTimings: false },
  });
  /** What the entries that import a module, directly or not, are for: `jobs`, or `index.js`. */
  const roomsOver = (id: string, graph: ChunkingContext): Set<string> => {
    const info = graph.getModuleInfo(id);
    const above = info?.importers.flatMap((importer) => [...roomsOver(importer, graph)]) ?? [];
    return new Set(info?.isEntry ? [relative(folder, id).split('/')[0] ?? '', ...above] : above);
  };
  const { output } = await bundle.generate({
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: [
        // The first takes along what it imports.
        { minShareCount: 2, name: (id, graph) => (roomsOver(id, graph).size === 1 ? null : 'shared') },
        { minShareCount: 2, name: (id, graph) => `${[...roomsOver(id, graph)]}/shared` },
      ],
    },
  });
  await bundle.close();
  const built = await readdir(folder, { recursive: true });
  await Promise.all(built.filter((file) => file.endsWith('.js')).map((file) => rm(join(folder, file))));
  for (const file of output) {
    if (file.type === 'chunk') await writeFile(join(folder, file.fileName), file.code);
  }
}
