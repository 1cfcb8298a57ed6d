import { EXIT, exitCodeOf } from '../exit-code.js';
import { jsonOf } from '../follow.js';
import { runSession } from '../session.js';
import type { ConnectionFlags } from '../settings.js';
import { statusLine } from '../status-line.js';
import { visible } from '../text.js';

/** One line a job. Done where none of them runs any more: one that had ended already is left as it is. */
export function cancel(jobIds: readonly string[], flags: ConnectionFlags): Promise<number> {
  return runSession(flags, async ({ client, output, signal }) => {
    let code: number = EXIT.ok;
    for (const id of new Set(jobIds)) {
      try {
        const snapshot = await client.cancel(id, { signal });
        const ended = snapshot.status === 'completed' || snapshot.status === 'failed';
        output.event({ type: 'cancel', ended, ...jsonOf(snapshot) });
        output.result(statusLine(snapshot));
        if (ended) continue;
        output.note(`Job ${visible(id)} has not ended: the server may cancel it later, or not at all.`);
        code ||= EXIT.failed;
      } catch (error) {
        signal.throwIfAborted();
        output.error(error);
        code ||= exitCodeOf(error);
      }
    }
    return code;
  });
}
