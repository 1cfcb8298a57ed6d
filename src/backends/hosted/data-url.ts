import type { DataUrlLimits } from './embed-files.js';
import { loadEmbedFiles } from './load-embed-files.js';

/**
 * The same JSON with a `data:` URL in place of each file, however deep.
 *
 * @param provider - Whose limits they are, such as `OpenRouter`.
 * @throws InputError that names the path of what is too large (before any file is read), nested too deep, or cannot be
 * read; VideoError of code `part-not-loaded` where a page could not fetch what reads files.
 */
export async function withDataUrls(
  value: object,
  provider: string,
  limits: DataUrlLimits,
): Promise<Readonly<Record<string, unknown>>> {
  const { embedFiles } = await loadEmbedFiles();
  return embedFiles(value, provider, limits);
}
