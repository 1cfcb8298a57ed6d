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

/** The header's value; one sent several times is joined by `, `, as `Headers` does it. Empty where missing. */
export function headerOf(headers: unknown, name: string): string {
  const given = (headers ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof given.get === 'function') return text(given.get(name));
  return text(given[name] ?? valuesOf(Array.isArray(headers) ? headers : Object.entries(given), name));
}

function valuesOf(list: readonly unknown[], name: string): unknown[] {
  const flat = Array.isArray(list[0]) ? list.flat() : list;
  return flat.filter((_, i) => i % 2 > 0 && text(flat[i - 1]).toLowerCase() === name);
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.map(text).join(', ') : typeof value === 'string' ? value : '';
}
