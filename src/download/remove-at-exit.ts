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
      // It is renamed already, or cannot be removed: there is no one left to tell.
    }
  }
  paths.clear();
}

/** On the listener of every copy of the package, so that two of them do not each leave a signal to the other. */
const OURS = Symbol.for('reelwire.removeAtExit');
const isOurs = (listener: object): boolean => OURS in listener;

const onSignal = Object.assign(endBy, { [OURS]: true });

function endBy(signal: NodeJS.Signals): void {
  // Others decide what the signal does: if they end the process, `exit` comes.
  if (!process.listeners(signal).every(isOurs)) return;
  removeAll();
  // Without a listener the process ends as if there had been none.
  for (const name of SIGNALS) process.off(name, onSignal);
  process.off('exit', removeAll);
  // The last of the copies sees to it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
