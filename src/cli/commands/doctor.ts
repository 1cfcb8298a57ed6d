import type { TransportDiagnosis } from '../../index.js';
import { EXIT } from '../exit-code.js';
import { type Output, paint } from '../output.js';
import { runSession, type Session } from '../session.js';
import type { ConnectionFlags } from '../settings.js';
import { visible } from '../text.js';

const MARKS = {
  works: paint(process.stdout, 'green', '✓'),
  opens: paint(process.stdout, 'green', '✓'),
  unknown: paint(process.stdout, 'yellow', '?'),
  fails: paint(process.stdout, 'red', '✗'),
  unsupported: paint(process.stdout, 'dim', '-'),
} as const;

export function doctor(flags: ConnectionFlags): Promise<number> {
  return runSession(flags, async (session) => {
    const { client, output, signal } = session;
    const diagnosis = await client.diagnose({ signal });
    const found = Object.entries(diagnosis.transports).map(
      ([name, one]) => [name, inWords(one, output)] as const,
    );
    output.event({ type: 'diagnosis', ...diagnosis, transports: Object.fromEntries(found) });
    output.result(`${visible(diagnosis.baseUrl)} (${session.settings.backend}, ${credentialsOf(session)})\n`);
    for (const [name, one] of found) output.result(report(name, one));
    output.result(
      diagnosis.transport !== undefined
        ? `\nJobs are followed over ${diagnosis.transport}.`
        : diagnosis.ok
          ? `\n${paint(process.stdout, 'yellow', 'Whether jobs can be followed shows with one that exists: try "reelwire status" with its id.')}`
          : `\n${paint(process.stdout, 'red', 'Nothing works: a job could not be followed.')}`,
    );
    return diagnosis.ok ? EXIT.ok : EXIT.failed;
  });
}

function inWords({ hint, ...found }: TransportDiagnosis, output: Output): TransportDiagnosis {
  return { ...found, ...(hint !== undefined && { hint: output.hintOf(hint) }) };
}

function report(name: string, { state, enabled, elapsedMs, message, hint }: TransportDiagnosis): string {
  const off = enabled ? '' : ' (left out by --transports)';
  const lines = [
    `${MARKS[state]} ${name.padEnd(10)} ${visible(message)}${off} [${Math.round(elapsedMs)} ms]`,
  ];
  if (hint !== undefined) lines.push(`${' '.repeat(13)}${paint(process.stdout, 'yellow', visible(hint))}`);
  return lines.join('\n');
}

function credentialsOf({ settings: { auth } }: Session): string {
  if (auth === undefined) return 'no credentials';
  return auth.type === 'bearer' ? 'with a token' : 'with user name and password';
}
