let seldom: typeof import('./seldom.js') | undefined;

/**
 * Kept, for `import()` takes longer than a check even of what is there. Async, for that of a bundler throws at once where
 * it cannot load scripts, as webpack's in a worker.
 */
export async function loadSeldom(): Promise<NonNullable<typeof seldom>> {
  seldom ??= await import('./seldom.js');
  return seldom;
}
