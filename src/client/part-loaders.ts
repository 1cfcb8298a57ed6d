import * as sse from '../transports/sse.js';
import * as diagnose from './diagnose.js';
import * as download from './download.js';
import * as following from './follower.js';
import * as generateMany from './generate-many.js';

/** What a page loads only when it is needed, as part-loaders.browser.ts says. Elsewhere it is there. */
export const loaders = {
  diagnose: async () => diagnose,
  download: async () => download,
  following: async () => following,
  generateMany: async () => generateMany,
  sse: async () => sse,
};
