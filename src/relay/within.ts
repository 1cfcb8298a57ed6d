/** How long a function of the application may take, in milliseconds. */
export const FUNCTION_MS = 15_000;

/** What `work` gives, or what `late` makes where that takes longer. Somebody else's function may hang. */
export async function within<T>(ms: number, work: () => T | Promise<T>, late: () => T): Promise<T> {
  const given = work();
  if (typeof (given as { readonly then?: unknown } | undefined)?.then !== 'function') return given;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    const working = Promise.resolve(given).then((value) => ({ value }));
    const first = await Promise.race([working, passed]);
    return first === undefined ? late() : first.value;
  } finally {
    clearTimeout(timer);
  }
}
