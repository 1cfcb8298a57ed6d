import { EXIT } from './exit-code.js';

/** Shows the cursor and wraps lines again, as a progress bar may have left them. */
const RESTORE_TERMINAL = '\u001b[?25h\u001b[?7h';

/** Somebody pressed Ctrl-C, or the system wants us to end. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super('interrupted');
    this.exitCode = signal === 'SIGINT' ? EXIT.interrupted : 143;
  }
}

export interface Interruptions {
  /** Aborted with an `Interruption`. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** The first Ctrl-C aborts the signal, so that there is time for a last word; the second ends the process. */
export function catchInterruptions(): Interruptions {
  const controller = new AbortController();
  const interrupt = (signal: NodeJS.Signals) => {
    const interruption = new Interruption(signal);
    if (!controller.signal.aborted) return controller.abort(interruption);
    if (process.stderr.isTTY) process.stderr.write(RESTORE_TERMINAL);
    process.exit(interruption.exitCode);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
