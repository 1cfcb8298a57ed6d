/**
 * A generator that is made when it is first asked for something, which may take a moment or fail. One that nobody
 * asked, or that could not be made, ends like any other.
 */
export function startLater<T>(
  make: () => Promise<AsyncGenerator<T, void, undefined>>,
): AsyncGenerator<T, void, undefined> {
  let making: ReturnType<typeof make> | undefined;
  let hasLeft = false;
  // It yields nothing itself, and is what an async generator is in this runtime, with all that those can do.
  const results = (async function* (): AsyncGenerator<T, void, undefined> {})();
  const end = results.return.bind(results);
  return Object.assign(results, {
    async next() {
      if (hasLeft) return end();
      making ??= make();
      try {
        const made = await making;
        // Whoever left in the meantime wants nothing to begin.
        return hasLeft ? await end() : await made.next();
      } catch (error) {
        hasLeft = true;
        throw error;
      }
    },
    async return() {
      hasLeft = true;
      await (await making?.catch(() => undefined))?.return();
      return end();
    },
    async throw(error: unknown) {
      await results.return();
      throw error;
    },
  });
}
