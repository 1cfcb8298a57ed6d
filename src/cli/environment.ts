import { parseEnv } from 'node:util';
import { ConfigurationError } from '../index.js';
import { readInputFile, textOf } from './files.js';
import { KEYS } from './names.js';

const MAX_CONFIG_BYTES = 64 * 1024;

/** What a `--config` file may set. */
const VARIABLES: readonly string[] = [
  ...['REELWIRE_BASE_URL', 'REELWIRE_TOKEN', 'REELWIRE_USERNAME', 'REELWIRE_PASSWORD', 'REELWIRE_BACKEND'],
  ...['REELWIRE_WEBHOOK_SECRET', 'REELWIRE_WEB_SOCKET_URL', 'REELWIRE_WALLET', 'REELWIRE_WEBHOOK_URL'],
  ...['REELWIRE_MODEL', 'REELWIRE_LOG'],
  ...Object.values(KEYS),
];

/** Environment variables, those of the `--config` file below those that are set. */
export type Environment = Readonly<Record<string, string | undefined>>;

export async function readEnvironment(config: string | undefined): Promise<Environment> {
  // A variable that is set to nothing counts as not set.
  const set = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  if (config === undefined) return set;
  const text = textOf(await readInputFile('--config', config, MAX_CONFIG_BYTES));
  return { ...checkConfig(config, text), ...set };
}

/** A name or a line that means nothing would be a server, or a token, that nobody asked for. */
function checkConfig(path: string, text: string): NodeJS.Dict<string> {
  const values = parseEnv(text);
  const wrong = Object.keys(values).find((name) => !VARIABLES.includes(name));
  if (wrong !== undefined) {
    const nearest = nearestVariable(wrong);
    throw new ConfigurationError('--config', `--config: ${path} sets ${wrong}, which there is not`, {
      hint: nearest === undefined ? `There are ${VARIABLES.join(', ')}.` : `Did you mean ${nearest}?`,
    });
  }
  const rest = text.replace(/^[ \t]*(?:export\s+)?[\w.-]+[ \t]*=[ \t]*(["'`])[\s\S]*?\1.*$/gm, (value) =>
    value.replace(/[^\n]/g, ''),
  );
  const line = rest.split('\n').findIndex((one) => !/^\s*(?:#.*|(?:export\s+)?[\w.-]+[ \t]*=.*)?$/.test(one));
  // Not quoted: there may be a secret in it.
  if (line !== -1)
    throw new ConfigurationError('--config', `--config: line ${line + 1} of ${path} is not NAME=value`);
  return values;
}

/** The one that shares the most pairs of letters with what was given, both without the prefix of all. */
function nearestVariable(given: string): string | undefined {
  const pairsOf = (name: string) => {
    const letters = name.replace(/^REELWIRE_/, '').toUpperCase();
    return new Set(Array.from(letters.slice(1), (letter, index) => `${letters[index]}${letter}`));
  };
  const wanted = pairsOf(given);
  const near = VARIABLES.map((name) => {
    const pairs = pairsOf(name);
    const shared = [...pairs].filter((pair) => wanted.has(pair)).length;
    return { name, likeness: (2 * shared) / (pairs.size + wanted.size) };
  });
  const [nearest] = near.sort((a, b) => b.likeness - a.likeness);
  return nearest !== undefined && nearest.likeness >= 0.4 ? nearest.name : undefined;
}
