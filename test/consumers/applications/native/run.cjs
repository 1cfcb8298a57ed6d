// node run.cjs BUNDLE SERVER_URL: runs a bundle with what React Native has: the answers of its fetch are no streams.
const { readFileSync } = require('node:fs');
const { runInThisContext } = require('node:vm');

const { fetch } = globalThis;
globalThis.fetch = async (url, { signal, ...init } = {}) => {
  // That of Node knows its own signals alone.
  const aborted = new Promise((_, reject) => {
    if (signal?.aborted) reject(new Error('Aborted'));
    signal?.addEventListener('abort', () => reject(new Error('Aborted')));
  });
  const response = await Promise.race([fetch(url, init), aborted]);
  const { headers, ok, redirected, status, type } = response;
  return {
    ...{ headers, ok, redirected, status, type, url: response.url },
    text: () => response.text(),
    json: () => response.json(),
    blob: () => response.blob(),
    arrayBuffer: () => response.arrayBuffer(),
  };
};
// What it has of the web is of 2019, or not there.
const { AbortController, AbortSignal } = require(`${process.env.TOOLS}/abort-controller`);
Object.assign(globalThis, { AbortController, AbortSignal });
for (const name of ['crypto', 'DOMException', 'structuredClone']) delete globalThis[name];
Object.defineProperty(globalThis, 'navigator', { value: { product: 'ReactNative' } });
globalThis.SERVER_URL = process.argv[3];
runInThisContext(readFileSync(process.argv[2], 'utf8'));
globalThis.watched.then((result) => console.log(JSON.stringify(result)));
