import { parseComfyFrame } from './comfy-ui-frame.js';
import * as prompt from './comfy-ui-prompt.js';

/** What a page fetches, as load-comfy-ui.browser.ts says. Elsewhere it is there. */
export const loadComfyPrompt = async () => prompt;

/** What reads the frames of a socket, and is to be there when that is open. */
export const comfyFrames = () => ({ fetchAhead() {}, parse: parseComfyFrame });
