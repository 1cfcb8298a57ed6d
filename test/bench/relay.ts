import { measureBus } from './support/relay/bus.js';
import { measureSockets, measureStreams } from './support/relay/memory.js';
import { cellsOf, HEAD, type Row } from './support/relay/rows.js';
import { measureStorm } from './support/relay/storm.js';
import { measureFanOut, measureMute, measureWebhooks } from './support/relay/told.js';
import { printTable } from './support/table.js';

export const name = 'relay';

const PARTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  bus: measureBus,
  sockets: measureSockets,
  streams: measureStreams,
  webhooks: measureWebhooks,
  'fan-out': measureFanOut,
  storm: measureStorm,
  mute: measureMute,
};
/** Some of them alone, by comma. */
const wanted = process.env.RELAY_PARTS?.split(',') ?? Object.keys(PARTS);

/**
 * The bus and the relay as they are deployed, records and bus in a redis of their own, beside bare `ws`, bare node:http and
 * bare redis in the same run. Each server is a process of its own, and the pages are others.
 */
export async function run(): Promise<void> {
  for (const part of wanted) {
    const measure = PARTS[part];
    if (measure === undefined) throw new Error(`no part ${part}; there are ${Object.keys(PARTS).join(', ')}`);
    printTable([part, ...HEAD], (await measure()).map(cellsOf));
    console.log();
  }
}
