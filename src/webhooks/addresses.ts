import { ConfigurationError } from '../errors.js';

/** Sixteen bytes; an IPv4 address is written as the IPv6 address it is mapped to. */
type Address = readonly number[];

/**
 * Tells whether an address is one of those listed: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. An IPv4
 * address mapped to IPv6 (`::ffff:203.0.113.7`, as sockets report it) is the same address.
 *
 * @throws ConfigurationError for an entry that is no address.
 */
export function addressMatcher(entries: readonly string[]): (address: string | undefined) => boolean {
  const ranges = entries.map((entry) => {
    const [text = '', length] = entry.trim().split('/');
    const address = parseAddress(text);
    const width = text.includes(':') ? 128 : 32;
    const bits = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : -1;
    if (address === undefined || bits < 0 || bits > width || entry.split('/').length > 2) {
      throw new ConfigurationError('allowedAddresses', `allowedAddresses holds ${JSON.stringify(entry)}`, {
        hint: 'Write IPv4 or IPv6 addresses, or ranges such as 203.0.113.0/24.',
      });
    }
    return { address, bits: bits + 128 - width };
  });
  return (text) => {
    const address = text === undefined ? undefined : parseAddress(text);
    return address !== undefined && ranges.some((range) => sameBits(address, range.address, range.bits));
  };
}

function sameBits(a: Address, b: Address, bits: number): boolean {
  return a.every((byte, i) => {
    const wanted = Math.min(8, Math.max(0, bits - i * 8));
    return (byte ^ (b[i] ?? 0)) >> (8 - wanted) === 0;
  });
}

function parseAddress(text: string): Address | undefined {
  // The zone says which interface of this machine it came by.
  const [address = ''] = text.split('%');
  if (!address.includes(':')) {
    const bytes = parseIPv4(address);
    return bytes && [...new Array<number>(10).fill(0), 0xff, 0xff, ...bytes];
  }
  return parseIPv6(address);
}

function parseIPv4(text: string): number[] | undefined {
  // No leading zeros: some read them as octal.
  const parts = /^(?:(?:0|[1-9]\d{0,2})(?:\.|$)){4}$/.test(`${text}`) ? text.split('.').map(Number) : [];
  return parts.length === 4 && parts.every((part) => part <= 255) ? parts : undefined;
}

function parseIPv6(text: string): number[] | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : groupsOf(half)));
  const [head, tail] = halves;
  if (halves.length > 2 || head === undefined || halves.includes(undefined)) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  return missing < 2 ? undefined : [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])];
}

function groupsOf(text: string): number[] | undefined {
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    // An IPv4 address may stand at the end.
    const last = i === groups.length - 1 ? parseIPv4(group) : undefined;
    if (last === undefined) return undefined;
    bytes.push(...last);
  }
  return bytes;
}
