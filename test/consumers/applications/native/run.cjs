// node run.cjs BUNDLE SERVER_URL: runs a bundle with the fetch of React Native, whose answers are no streams.
const { readFileSync } = require('node:fs');
const { runInThisContext } = require('node:vm');

const { fetch } = globalThis;
globalThis.fetch = async (url, init) => {
  const response = await fetch(url, init);
  const { headers, ok, redirected, status, type } = response;
  return {
    ...{ headers, ok, redirected, status, type, url: response.url },
    text: () => response.text(),
    json: () => response.json(),
    blob: () => response.blob(),
    arrayBuffer: () => response.arrayBuffer(),
  };
};
Object.defineProperty(globalThis, 'navigator', { value: { product: 'ReactNative' } });
globalThis.SERVER_URL = process.argv[3];
runInThisContext(readFileSync(process.argv[2], 'utf8'));
globalThis.watched.then((result) => console.log(JSON.stringify(result)));
