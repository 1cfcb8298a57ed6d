const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Of the process, not of a client: signals are, too. */
const paths = new Set<string>();
let unlinkSync: (path: string) => void = () => {};

/**
 * Has a file removed where the process ends, by Ctrl-C too. Listens while there is such a file, and changes nothing of
 * what a signal does. Returns the way to keep it.
 */
export function removeAtExit(path: string, remove: (path: string) => void): () => void {
  unlinkSync = remove;
  if (paths.size === 0) {
    process.on('exit', removeAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  paths.add(path);
  return () => {
    if (!paths.delete(path) || paths.size > 0) return;
    process.off('exit', removeAll);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function removeAll(): void {
  for (const path of paths) {
    try {
      unlinkSync(path);
    } catch {
      // It is renamed already, or cannot be removed: nobody is left to be told.
    }
  }
  paths.clear();
}

function onSignal(signal: NodeJS.Signals): void {
  // Others decide what the signal does: if they end the process, `exit` comes.
  if (process.listenerCount(signal) > 1) return;
  removeAll();
  // Without a listener the process ends as if there had been none.
  for (const name of SIGNALS) process.off(name, onSignal);
  process.off('exit', removeAll);
  process.kill(process.pid, signal);
}
