import { ConfigurationError, type Logger } from '../index.js';
import type { Output } from './output.js';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type Level = (typeof LEVELS)[number];

/** What the client does, on stderr. Nothing unless asked for: the command says itself what there is to say. */
export function createLogger(level = 'silent', output: Output): Logger {
  const first = LEVELS.indexOf(level as Level);
  if (first === -1) {
    throw new ConfigurationError('REELWIRE_LOG', `REELWIRE_LOG is ${JSON.stringify(level)}`, {
      hint: `Choose from ${LEVELS.join(', ')}.`,
    });
  }
  if (level !== 'silent') output.logs = true;
  const at = (name: Exclude<Level, 'silent'>) => (message: string) => {
    if (LEVELS.indexOf(name) >= first) output.log(name, message);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
