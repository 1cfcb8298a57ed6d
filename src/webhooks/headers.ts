import type { ResolvedScheme } from './secret.js';

/**
 * The headers of a delivery: `Headers`, an object with names in any case (Node's `req.headers`), a list of
 * pairs, or Node's flat `req.rawHeaders`.
 */
export type WebhookHeaders =
  | {
      /** As `Headers` has it: by a name in any case. */
      get(name: string): string | null | undefined;
    }
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | readonly (readonly [string, string])[]
  | readonly string[];

/**
 * The header's value, as it is; empty where it is missing, or has to be looked for: find-headers.ts.
 *
 * @param name - In lower case, as Node writes it.
 */
export function headerOf(headers: unknown, name: string): string {
  const given = Object(headers) as Readonly<Record<string, unknown>>;
  try {
    const value: unknown = typeof given.get === 'function' ? given.get(name) : given[name];
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}

/** Whether these are all that the scheme needs. */
export function isComplete(values: readonly string[], { kind }: ResolvedScheme): boolean {
  return kind === 'standard-webhooks' ? values.every(Boolean) : values.some(Boolean);
}
