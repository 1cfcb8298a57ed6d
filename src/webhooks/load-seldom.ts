import * as seldom from './seldom.js';

/** What a page fetches, as load-seldom.browser.ts says. Elsewhere it is there: loaded later, its errors may be of a second class. */
export const loadSeldom = async () => seldom;
