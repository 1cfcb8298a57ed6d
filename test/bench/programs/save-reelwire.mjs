// save-reelwire.mjs URL FILE
import { VideoClient } from '../../../dist/esm/index.js';

const [url, file] = process.argv.slice(2);
const start = performance.now();
const client = new VideoClient({ baseUrl: url, retry: { minDelayMs: 1 } });
const video = await client.download('1');
await video.save(file);
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, peakKiB: process.resourceUsage().maxRSS }));
