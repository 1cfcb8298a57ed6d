import * as records from './records.js';

/** What a page fetches, as load-records.browser.ts says. Elsewhere it is there. */
export const loadRecords = async () => records;
export const openRecords = records.recordsOf;
