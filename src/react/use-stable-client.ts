import { useRef } from 'react';

/** So many renders in a row with another client are no change of client, but a client made while rendering. */
const MAX_CHANGES_IN_A_ROW = 3;

/**
 * The client to use. One made again in each render would follow the job from the start in each render, and each of
 * its updates would cause the next one, for ever: it is told of once, and not switched to any more.
 */
export function useStableClient<Client>(client: Client): Client {
  const seen = useRef({ used: client, last: client, changes: 0 }).current;
  const changes = client === seen.last ? 0 : seen.changes + 1;
  seen.last = client;
  seen.changes = changes;
  if (changes < MAX_CHANGES_IN_A_ROW) seen.used = client;
  else if (changes === MAX_CHANGES_IN_A_ROW) {
    console.error(
      'reelwire: this component makes a new VideoClient in each render, and keeps the one it has. ' +
        'Make it once, outside of the component or in useState().',
    );
  }
  return seen.used;
}
