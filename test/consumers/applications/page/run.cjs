// node run.cjs BUNDLE SERVER_URL: runs a script as a page would, with web standards alone.
const { readFileSync } = require('node:fs');
const { runInThisContext } = require('node:vm');

globalThis.self = globalThis;
globalThis.SERVER_URL = process.argv[3];
runInThisContext(readFileSync(process.argv[2], 'utf8'));
globalThis.watched.then((result) => console.log(JSON.stringify(result)));
