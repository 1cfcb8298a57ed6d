import { isRecord } from '../../core/record.js';
import { bounded } from '../../core/text.js';
import { isBytes } from '../bytes.js';

/** What JSON would make `{}` or `null` of, or leave out: a job would be made, and paid for, without it. */
export function unsendable(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value);
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    return `a ${typeof value}`;
  if (
    typeof value !== 'object' ||
    value === null ||
    typeof (value as { toJSON?: unknown }).toJSON === 'function'
  )
    return undefined;
  const name: unknown = value.constructor?.name;
  return `an object ${typeof name === 'string' ? `of the class ${bounded(name, 100)}` : 'without fields'}`;
}

/** Lists, and objects of which JSON keeps the fields. What says itself what its JSON is, such as a `Date`, is not one. */
export function isPlain(value: unknown): value is object {
  if (Array.isArray(value)) return true;
  if (!isRecord(value) || isBytes(value) || ArrayBuffer.isView(value) || typeof value.toJSON === 'function')
    return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isOfNoClass = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isOfNoClass || Object.keys(value).length > 0;
}
