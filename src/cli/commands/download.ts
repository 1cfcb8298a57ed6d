import { createDisplay } from '../display.js';
import { EXIT } from '../exit-code.js';
import { checkWritable } from '../files.js';
import { createRow } from '../row.js';
import { checkOutput, reportSaved, type Saved, type SaveFlags, saveVideo } from '../save.js';
import { runSession } from '../session.js';
import type { ConnectionFlags } from '../settings.js';

export function download(jobId: string, flags: ConnectionFlags & SaveFlags): Promise<number> {
  return runSession(flags, async (session) => {
    checkOutput(flags);
    await checkWritable(flags.output ?? '.');
    session.resume = { command: 'download', jobIds: [jobId], flags };
    const row = createRow({ id: jobId, status: 'completed' });
    const display = await createDisplay(session.output, [row]);
    let saved: Saved;
    try {
      saved = await saveVideo(session, jobId, flags, { display, row });
    } finally {
      display.stop();
    }
    reportSaved(session, saved);
    return EXIT.ok;
  });
}
