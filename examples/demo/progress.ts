import { SingleBar } from 'cli-progress';

export interface ProgressDisplay {
  transport(name: string): void;
  update(status: string, progress: number): void;
  stop(): void;
}

/** A bar on a terminal, plain lines elsewhere. */
export function createProgressDisplay(): ProgressDisplay {
  let transport = 'connecting';
  if (!process.stdout.isTTY) {
    return {
      transport: (name) => console.log(`following over ${name}`),
      update: (status, progress) => console.log(`${status} ${progress} %`),
      stop() {},
    };
  }
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {status} | {duration} s | {transport}',
    hideCursor: true,
  });
  bar.start(100, 0, { status: 'queued', transport });
  return {
    transport(name) {
      transport = name;
      bar.update({ transport });
    },
    update: (status, progress) => bar.update(progress, { status, transport }),
    stop: () => bar.stop(),
  };
}
