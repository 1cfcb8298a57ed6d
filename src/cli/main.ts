#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './program.js';
import { visible } from './text.js';

const USAGE = 2;
const FAILED = 1;

// A bug of ours may quote what a server said.
process.on('uncaughtException', (error: unknown) => {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${told.split('\n').map(visible).join('\n')}\n`);
  process.exit(FAILED);
});

// Whoever reads us has enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await createProgram((code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // It has said everything; help and version are no errors.
  process.exitCode = error.exitCode === 0 ? 0 : USAGE;
}
