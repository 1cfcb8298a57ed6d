// save-bare.mjs URL FILE: what one writes by hand.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const [url, file] = process.argv.slice(2);
const start = performance.now();
const response = await fetch(`${url}/api/download?jobId=1`);
await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, peakKiB: process.resourceUsage().maxRSS }));
