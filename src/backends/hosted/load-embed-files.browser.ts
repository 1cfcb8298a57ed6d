import { partNotLoaded } from '../../errors.js';

/** @throws VideoError of code `part-not-loaded`, before anything is sent. */
export async function loadEmbedFiles() {
  // Not by `catch()`: the `import()` of a bundler throws at once where it cannot load scripts.
  try {
    return await import('./embed-files.js');
  } catch (cause) {
    throw partNotLoaded('files', undefined, cause);
  }
}
