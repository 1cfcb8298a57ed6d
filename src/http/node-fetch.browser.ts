/** A browser does not say whether a connection was made. */
export function neverConnected(_error: unknown): boolean {
  return false;
}

export function isLasting(_error: unknown): boolean {
  return false;
}

export function explain(_error: unknown): { code: string; hint: string } | undefined {
  return undefined;
}

/** A browser waits for as long as it is told to. */
export function patience(_timeoutMs: number): object {
  return {};
}
