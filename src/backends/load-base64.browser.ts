import { partNotLoaded } from '../errors.js';

/** @throws VideoError of code `part-not-loaded`, before anything is sent. */
export async function loadBase64() {
  // Not by `catch()`: the `import()` of a bundler throws at once where it cannot load scripts.
  try {
    return await import('./base64.js');
  } catch (cause) {
    throw partNotLoaded('base64', undefined, cause);
  }
}
