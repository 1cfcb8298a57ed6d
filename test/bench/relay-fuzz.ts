import { fuzzRelay } from '../support/fuzz-relay.js';

export const name = 'relay-fuzz';

const FRAMES = 500_000;

/** A million frames of every kind into the sockets of a relay: nothing may come out that a page may not see. */
export async function run(): Promise<void> {
  for (const isPatient of [true, false]) {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const startedAt = process.cpuUsage();
    const { closed, faults, leftOpen, told } = await fuzzRelay(FRAMES, seed, isPatient);
    const { user, system } = process.cpuUsage(startedAt);
    const cpuMs = (user + system) / 1_000;
    console.log(
      `seed ${seed}: ${FRAMES} frames in, ${told} out, sockets closed ${JSON.stringify(closed)}, ` +
        `${((cpuMs * 1_000) / FRAMES).toFixed(1)} µs of CPU a frame, ${faults.length} faults (0)`,
    );
    for (const fault of faults.slice(0, 10)) console.error(fault);
    if (faults.length > 0 || leftOpen.sockets + leftOpen.jobs > 0) process.exitCode = 1;
  }
}
