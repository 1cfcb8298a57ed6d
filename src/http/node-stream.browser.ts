import type { BodyReader } from './body-reader.js';

/** What a page fetches has a stream of the platform's, or none. */
export function nodeReader(_response: Response): BodyReader | undefined {
  return undefined;
}

export function destroy(_response: Response): void {}

export function quieten(_response: Response): void {}
