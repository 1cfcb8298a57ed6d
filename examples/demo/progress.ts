import { SingleBar } from 'cli-progress';
import type { JobSnapshot } from 'reelwire';

export interface ProgressDisplay {
  transport(name: string): void;
  update(snapshot: JobSnapshot): void;
  stop(): void;
}

/** A bar on a terminal, plain lines elsewhere. */
export function createProgressDisplay(): ProgressDisplay {
  let transport = 'connecting';
  if (!process.stdout.isTTY) {
    return {
      transport: (name) => console.log(`following over ${name}`),
      update: (snapshot) => console.log(`${snapshot.status} ${percentOf(snapshot)}`.trimEnd()),
      stop() {},
    };
  }
  const bar = new SingleBar({
    format: '{bar} {percent} | {status} | {duration} s | {transport}',
    hideCursor: true,
  });
  bar.start(100, 0, { percent: '', status: 'queued', transport });
  return {
    transport(name) {
      transport = name;
      bar.update({ transport });
    },
    update(snapshot) {
      const { progress, status } = snapshot;
      bar.update(progress, { percent: percentOf(snapshot), status, transport });
    },
    stop: () => bar.stop(),
  };
}

/** Nothing until the server has given one: 0 % would say more than anybody knows. */
function percentOf({ indeterminate, progress }: JobSnapshot): string {
  return indeterminate === true ? '' : `${progress} %`;
}
