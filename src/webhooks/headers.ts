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
 * The header's value, without blanks around it; one sent several times is joined by `, `, as `Headers` does it. Empty
 * where missing.
 */
export function headerOf(headers: unknown, name: string): string {
  const given = Object(headers) as Readonly<Record<string, unknown>> & Partial<Iterable<unknown>>;
  try {
    const direct = typeof given.get === 'function' ? given.get(name) : given[name];
    if (direct) return text(direct);
    // A Map, and lists, are gone through; a Map knows a name in one case only.
    return text(
      valuesOf(given[Symbol.iterator] ? [...(given as Iterable<unknown>)] : Object.entries(given), name),
    );
  } catch {
    return '';
  }
}

function valuesOf(list: readonly unknown[], name: string): unknown[] {
  const flat = Array.isArray(list[0]) ? list.flat() : list;
  return flat.filter((_, i) => i % 2 > 0 && text(flat[i - 1]).toLowerCase() === name);
}

function text(value: unknown): string {
  const values = Array.isArray(value) ? value.flat() : [value];
  return values
    .filter((each) => typeof each === 'string')
    .join(', ')
    .trim();
}
