import { EXIT, exitCodeOf } from '../exit-code.js';
import { jsonOf } from '../follow.js';
import { runSession } from '../session.js';
import type { ConnectionFlags } from '../settings.js';
import { statusLine } from '../status-line.js';

/** One line a job. To be told that a job failed is an answer, not a failure. */
export function status(jobIds: readonly string[], flags: ConnectionFlags): Promise<number> {
  return runSession(flags, async ({ client, output, signal }) => {
    let code: number = EXIT.ok;
    for (const id of jobIds) {
      try {
        const snapshot = await client.status(id, { signal });
        output.event({ type: 'status', ...jsonOf(snapshot) });
        output.result(statusLine(snapshot));
      } catch (error) {
        signal.throwIfAborted();
        output.error(error);
        code ||= exitCodeOf(error);
      }
    }
    return code;
  });
}
