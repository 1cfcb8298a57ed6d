/** What was given, without what was given as `undefined`: that is to be what it is by default. */
export function given<T extends object>(
  options: T | undefined,
): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]: Exclude<T[Name], undefined> };
}
