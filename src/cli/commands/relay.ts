import { ConfigurationError } from '../../index.js';
import { createRelay } from '../../relay/index.js';
import { EXIT } from '../exit-code.js';
import { JOBS_FOLDER } from '../jobs-folder.js';
import { listeningError } from '../listening.js';
import type { Output } from '../output.js';
import { isOfThisMachine, RelayGate } from '../relay-gate.js';
import { RELAY_HOST, type RelayEvent, startRelay } from '../relay-server.js';
import { runSession, type Session } from '../session.js';
import type { ConnectionFlags } from '../settings.js';
import { linksToStarter, starterEnds } from '../starter.js';
import { shorten, visible } from '../text.js';

export interface RelayFlags extends ConnectionFlags {
  readonly port: number;
  readonly userHeader?: string;
}

const MAX_PATH_LENGTH = 300;

/** Runs until it is interrupted, or what started it has ended: nobody would end it then. */
export function relay(flags: RelayFlags): Promise<number> {
  return runSession({ ...flags, jobs: flags.jobs ?? JOBS_FOLDER }, async (session) => {
    const { output, signal } = session;
    const gate = new RelayGate(flags.userHeader);
    const links = await linksToStarter();
    const server = await start(session, gate, flags.port);
    const url = `http://${RELAY_HOST}:${server.port}/videos`;
    output.event({ type: 'listening', url });
    output.result(introduction(url, session, gate));
    await starterEnds(links, signal);
    if (!signal.aborted) output.result('The process that started it has ended, and so does it.');
    await server.end();
    return EXIT.ok;
  });
}

async function start({ client, output, settings }: Session, gate: RelayGate, port: number) {
  if (
    settings.baseUrl !== undefined &&
    isOfThisMachine(settings.baseUrl) &&
    portOf(settings.baseUrl) === port
  ) {
    throw new ConfigurationError('--port', `port ${port} is where the server is that the relay is to call`, {
      hint: 'Give another --port, or the --base-url of the server.',
    });
  }
  // A folder that cannot be read is to be known before the first job.
  await client.jobs?.get('relay');
  const tell = (level: string) => (message: string) => output.log(level, message);
  const relay = createRelay({
    client,
    authenticate: ({ headers }) => {
      const id = gate.userOf(headers);
      return id === undefined ? undefined : { id };
    },
    // Whoever tries it out decides: the client checks it as it would from anybody.
    inputOf: (body) => body as never,
    logger: { debug() {}, info() {}, warn: tell('warn'), error: tell('error') },
  });
  try {
    return await startRelay(relay, { gate, port, report: (event) => report(event, output) });
  } catch (error) {
    throw listeningError(error, 'relay', RELAY_HOST, port);
  }
}

function introduction(url: string, { output, settings }: Session, gate: RelayGate): string {
  return [
    `Relay to ${settings.backend} at ${url}. Ctrl-C ends it.`,
    `For trying out: this machine alone reaches it, and pages of localhost. Never let a network reach it: ${gate.whoIsWho}.`,
    `Each job that is made through it is made, and paid for, with your key. Records are in ${visible(output.jobs ?? '')}.`,
    `In a page: new VideoClient({ baseUrl: '${url}', backend: relayBackend() }); generate takes the input of ${settings.backend}.`,
  ].join('\n  ');
}

function report(event: RelayEvent, output: Output): void {
  const { at, code, jobId, method, status, type, user } = event;
  output.event({ ...event });
  const path = visible(shorten(event.path, MAX_PATH_LENGTH));
  const time = at.toISOString().slice(11, 23);
  const who = user === undefined ? [] : [`(${visible(user)})`];
  const job = jobId === undefined ? [] : [`job ${visible(jobId)}`];
  const words = {
    request: ['→', visible(method), path, ...who],
    answer: ['←', status, path, ...who, ...job],
    closed: ['×', visible(method), path, ...who, ...(code === undefined ? [] : [`closed with ${code}`])],
  };
  output.result([time, ...words[type]].join(' '));
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port || (protocol === 'https:' ? 443 : 80));
}
