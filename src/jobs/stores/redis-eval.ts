/** The part of an `ioredis` client that a store of records uses. */
export interface IORedisJobsClient {
  defineCommand: unknown;
  /** Runs a script of Lua. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

/** The part of a `redis` (node-redis) client that a store of records uses. */
export interface NodeRedisJobsClient {
  /** Runs a script of Lua. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Both clients hold a command back while there is no connection, for longer than anybody waits to submit. */
const LIMIT_MS = 5_000;

/** Runs a script, and gives its answer as text, empty for nil, or as a list of such. */
export async function evalScript(
  client: IORedisJobsClient | NodeRedisJobsClient,
  script: string,
  keys: readonly string[],
  args: readonly string[],
): Promise<string | readonly string[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`redis did not answer within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    const answer =
      'defineCommand' in client
        ? client.eval(script, keys.length, ...keys, ...args)
        : client.eval(script, { keys: [...keys], arguments: [...args] });
    const value = await Promise.race([answer, late]);
    // Clients can be made to give a Buffer.
    return Array.isArray(value) ? value.map((part: unknown) => String(part ?? '')) : String(value ?? '');
  } finally {
    clearTimeout(timer);
  }
}
