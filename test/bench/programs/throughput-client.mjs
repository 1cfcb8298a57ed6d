// Frames a second that one client takes from one socket: throughput-client.mjs <client> <url> <jobs>
import WebSocket from 'ws';
import { VideoClient } from '../../../dist/esm/index.js';

const FRAMES = 300_000;
const ROUNDS = 5;

const [client = '', url = '', jobs = '1'] = process.argv.slice(2);

/** Parses, and for a fair word on many jobs may keep the last frame of each. */
async function bare(keeps) {
  const socket = new WebSocket(url.replace('http', 'ws'));
  const last = new Map();
  let count = 0;
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data));
    count++;
    if (keeps) last.set(frame.jobId, frame);
  });
  await new Promise((resolve) => socket.once('open', resolve));
  return { socket, count: () => count };
}

async function reelwire() {
  const made = [];
  class Observed extends WebSocket {
    constructor(address) {
      super(address);
      made.push(this);
    }
  }
  const video = new VideoClient({
    baseUrl: url,
    WebSocket: Observed,
    polling: { concurrency: 20 },
    retry: { minDelayMs: 10 },
  });
  let count = 0;
  const known = new Set();
  await new Promise((resolve) => {
    for (let job = 0; job < Number(jobs); job++) {
      video.subscribe(`job-${job}`).on('update', ({ id }) => {
        count++;
        if (known.size < Number(jobs) && known.add(id).size === Number(jobs)) resolve();
      });
    }
  });
  const [socket] = made;
  if (socket === undefined) throw new Error('no WebSocket was made');
  return { socket, count: () => count };
}

const contender = await (client === 'reelwire' ? reelwire() : bare(client === 'keeping'));
const { socket, count } = contender;
// What follows the opening, such as a second status call for each job, is not measured.
await new Promise((resolve) =>
  setTimeout(resolve, Number(jobs) >= 10_000 && client === 'reelwire' ? 6_000 : 500),
);

const rounds = [];
for (let round = 0; round <= ROUNDS; round++) {
  const before = count();
  let first = 0;
  let cpu = process.cpuUsage();
  await new Promise((resolve) => {
    socket.on('message', function onMessage(data) {
      if (first === 0) {
        first = performance.now();
        cpu = process.cpuUsage();
      }
      if (data.length < 20 && String(data) === '{"type":"done"}') {
        socket.off('message', onMessage);
        resolve();
      }
    });
    const [from, to] = [1 + round * 15, 1 + (round + 1) * 15];
    socket.send(JSON.stringify({ action: 'send', jobs: Number(jobs), count: FRAMES, from, to }));
  });
  const ms = performance.now() - first;
  const { user, system } = process.cpuUsage(cpu);
  if (round === 0) continue; // Warms up.
  rounds.push({ ms: ms / FRAMES, cpuMs: (user + system) / 1_000 / FRAMES, told: count() - before });
}
console.log(JSON.stringify({ frames: FRAMES, rounds }));
process.exit(0);
