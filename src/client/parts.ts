import { partNotLoaded } from '../errors.js';
import { loaders } from './part-loaders.js';

type Loaders = typeof loaders;

/**
 * A part of the package. A page fetches it when it is first needed, and again at the next call where it could not be
 * had: the site may have been deployed anew, and its files have other names, while a job took its minutes.
 *
 * @throws VideoError of code `part-not-loaded`.
 */
export async function part<Name extends keyof Loaders>(
  name: Name,
  jobId?: string,
): Promise<Awaited<ReturnType<Loaders[Name]>>> {
  try {
    // The type of the one that is called follows from the name.
    return (await loaders[name]()) as Awaited<ReturnType<Loaders[Name]>>;
  } catch (cause) {
    throw partNotLoaded(name, jobId, cause);
  }
}

/** Fetches parts before they are needed. Who needs one that could not be had is told then. */
export function fetchAhead(names: readonly (keyof Loaders)[]): void {
  for (const name of names) part(name).catch(() => {});
}
