import { describe } from '../core/check.js';
import type { Logger, LogLevel } from '../core/settings.js';
import { ConfigurationError, onOneLine } from '../errors.js';

const METHODS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * A logger that harms nobody: what the caller's throws, or rejects with, is dropped, and a server's words cannot
 * steer a terminal.
 *
 * @throws ConfigurationError where it is neither a level nor a logger.
 */
export function resolveLogger(given: Logger | LogLevel = 'warn'): Logger {
  let target: () => Logger;
  let first = 0;
  if (typeof given === 'string') {
    first = ['debug', 'info', 'warn', 'silent'].indexOf(given);
    if (first < 0) throw refusal(`is ${describe(given)}`);
    if (given === 'silent') first = METHODS.length;
    target = () => globalThis.console;
  } else {
    const missing = METHODS.find((name) => typeof (given as Partial<Logger> | null)?.[name] !== 'function');
    if (missing !== undefined) throw refusal(`has no method ${missing}`);
    target = () => given;
  }
  const methods = METHODS.map((name, level) => [
    name,
    level < first ? () => {} : (message: string) => tell(target, name, message),
  ]);
  return Object.fromEntries(methods);
}

function tell(target: () => Logger, name: keyof Logger, message: string): void {
  try {
    const told: unknown = target()[name](onOneLine(message));
    Promise.resolve(told).catch(() => {});
  } catch {
    // There is nobody left to tell.
  }
}

function refusal(problem: string): ConfigurationError {
  return new ConfigurationError('logger', `logger ${problem}`, {
    hint: "Give 'debug', 'info', 'warn' or 'silent', or an object such as console.",
  });
}
