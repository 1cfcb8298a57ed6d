// Polls so many jobs, which all end at once: bound-client.mjs <url> <jobs>
import { VideoClient } from '../../../dist/esm/index.js';

const [url = '', jobs = '1'] = process.argv.slice(2);
const client = new VideoClient({ baseUrl: url, transports: ['polling'] });

let known = 0;
let overAt = 0;
const toldAfter = [];
const ends = [];
await new Promise((resolve) => {
  for (let index = 0; index < Number(jobs); index++) {
    const job = client.subscribe(`job-${index}`);
    job.once('update', () => {
      known += 1;
      if (known === Number(jobs)) resolve();
    });
    ends.push(job.completed().then(() => toldAfter.push(performance.now() - overAt)));
  }
});
await fetch(`${url}/over`, { method: 'POST' });
overAt = performance.now();
await Promise.all(ends);
toldAfter.sort((a, b) => a - b);
console.log(JSON.stringify({ medianMs: toldAfter[toldAfter.length >> 1], worstMs: toldAfter.at(-1) }));
