// node run.cjs BUNDLE SERVER_URL: runs a script as a page would, with web standards alone. The parts that it loads later are
// beside it.
const { readFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { runInThisContext } = require('node:vm');

const [, , bundle, serverUrl] = process.argv;
const run = (file) => runInThisContext(readFileSync(file, 'utf8'));
const head = {
  appendChild(element) {
    if (element.tag !== 'script') return;
    run(join(dirname(bundle), basename(element.src)));
    queueMicrotask(() => element.onload?.({ type: 'load', target: element }));
  },
};

globalThis.self = globalThis;
globalThis.window = globalThis;
globalThis.document = {
  head,
  visibilityState: 'visible',
  addEventListener() {},
  removeEventListener() {},
  getElementsByTagName: (tag) => (tag === 'head' ? [head] : []),
  querySelector: () => null,
  createElement: (tag) => ({
    tag,
    relList: { supports: () => false },
    setAttribute() {},
    getAttribute: () => null,
  }),
};
globalThis.SERVER_URL = serverUrl;
run(bundle);
globalThis.watched.then((result) => console.log(JSON.stringify(result)));
