import { afterAll } from 'vitest';

/**
 * Takes what is to be ended after all tests of a file, also from within `beforeAll`, where `afterAll` itself is not heard.
 * For the top of a file.
 */
export function afterAllTests(): (end: () => void | Promise<void>) => void {
  const ends: (() => void | Promise<void>)[] = [];
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return (end) => void ends.push(end);
}
