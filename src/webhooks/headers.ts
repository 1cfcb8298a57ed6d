/**
 * The headers of a delivery: `Headers`, an object with names in any case (Node's `req.headers`), a list of
 * pairs, or Node's flat `req.rawHeaders`.
 */
export type WebhookHeaders =
  | { get(name: string): string | null | undefined }
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | readonly (readonly [string, string])[]
  | readonly string[];

/** The header's value; one sent several times is joined by `, `, as `Headers` does it. Empty where missing. */
export function headerOf(headers: unknown, name: string): string {
  if (typeof headers !== 'object' || headers === null) return '';
  if ('get' in headers && typeof headers.get === 'function') return text(headers.get(name));
  if (Array.isArray(headers)) return text(valuesOf(headers, name));
  const direct = (headers as Record<string, unknown>)[name];
  return text(direct ?? valuesOf(Object.entries(headers), name)[0]);
}

function valuesOf(list: readonly unknown[], name: string): unknown[] {
  const flat = Array.isArray(list[0]) ? list.flat() : list;
  return flat.filter((_, i) => i % 2 > 0 && text(flat[i - 1]).toLowerCase() === name);
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.map(text).join(', ') : typeof value === 'string' ? value : '';
}
