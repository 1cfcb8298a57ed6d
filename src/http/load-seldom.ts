import * as seldom from './seldom.js';

/** What a page fetches, as load-seldom.browser.ts says. Elsewhere it is there. */
export const loadSeldom = async () => seldom;
