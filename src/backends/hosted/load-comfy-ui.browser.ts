import { partNotLoaded } from '../../errors.js';
import type { WebSocketCodec } from '../backend.js';

/** @throws VideoError of code `part-not-loaded`, before anything is sent. */
export async function loadComfyPrompt() {
  // Not by `catch()`: the `import()` of a bundler throws at once where it cannot load scripts.
  try {
    return await import('./comfy-ui-prompt.js');
  } catch (cause) {
    throw partNotLoaded('workflow', undefined, cause);
  }
}

/** Until it is there, and where it cannot be had, each frame says no more than that there is something to ask for. */
export function comfyFrames() {
  let read: WebSocketCodec['parse'] | undefined;
  const load = async () => {
    read = (await import('./comfy-ui-frame.js')).parseComfyFrame;
  };
  return {
    fetchAhead: () => void load().catch(() => {}),
    parse: ((frame, known) => read?.(frame, known) ?? { type: 'ask' }) satisfies WebSocketCodec['parse'],
  };
}
