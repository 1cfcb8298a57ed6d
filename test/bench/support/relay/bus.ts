import { median } from '../table.js';
import { percentile, type Row } from './rows.js';
import { Stage } from './stage.js';

const DELIVERIES = 1_000;
const CLIENTS = 50;
const POLLED = { intervalMs: 5_000, forMs: 60_000 };

/** Two clients in two processes, on one bus; and many clients that poll one job. */
export async function measureBus(): Promise<Row[]> {
  await using stage = await Stage.open([]);
  const [receiver, bare, waiter] = [await stage.bus(), await stage.bare(), await stage.bus()];
  try {
    const asked = {
      type: 'deliveries',
      url: receiver.url,
      bareUrl: `${bare.url}/webhook`,
      count: DELIVERIES,
    };
    const told = (await waiter.ask(asked)) as { readonly delays: number[]; readonly bare: number[] };
    await stage.calls();
    await waiter.ask({ type: 'poll', clients: CLIENTS, ...POLLED });
    const { shared = 0, alone = 0 } = (await stage.calls()).byJob;
    const what = 'webhook at B → completed() at A, ms';
    return [
      { what: `${what}, median`, figure: median(told.delays), most: 5, bare: median(told.bare), digits: 2 },
      {
        what: `${what}, p99`,
        figure: percentile(told.delays, 0.99),
        bare: percentile(told.bare, 0.99),
        digits: 2,
      },
      {
        what: `of ${DELIVERIES} webhooks not told`,
        figure: DELIVERIES - told.delays.length,
        most: 0,
        digits: 0,
      },
      {
        what: `calls of ${CLIENTS} clients for a job, ${POLLED.forMs / 1_000} s, after the first of each`,
        ...{ figure: shared - CLIENTS, most: 14, bare: alone - CLIENTS, digits: 0 },
      },
    ];
  } finally {
    for (const program of [receiver, bare, waiter]) await program.stop();
  }
}
