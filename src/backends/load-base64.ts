import * as base64 from './base64.js';

/** What a page fetches, as load-base64.browser.ts says. Elsewhere it is there. */
export const loadBase64 = async () => base64;
