import { BlockList, isIP } from 'node:net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.js';
import { addressMatcher } from '../../../src/webhooks/addresses.js';

describe('addressMatcher', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.77/24', '203.0.113.1', true],
    ['10.0.0.0/9', '10.127.0.1', true],
    ['10.0.0.0/9', '10.128.0.1', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['203.0.113.7', '::ffff:203.0.113.7', true],
    ['::ffff:203.0.113.7', '203.0.113.7', true],
    ['::ffff:cb00:7107', '203.0.113.7', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:DB8::1', '2001:0db8:0:0:0:0:0:1', true],
    ['fe80::1', 'fe80::1%eth0', true],
    ['::1', '::1', true],
    ['::/0', '::1', true],
    ['127.0.0.1', '127.0.0.01', false],
    ['127.0.0.1', '127.1', false],
    ['127.0.0.1', '2130706433', false],
    ['127.0.0.1', '', false],
    ['127.0.0.1', '127.0.0.1, 8.8.8.8', false],
  ])('%s takes %s: %s', (entry, address, taken) => {
    expect(addressMatcher(['192.0.2.1', entry])(address)).toBe(taken);
  });

  it('takes nobody where the address is not known or nobody is listed', () => {
    expect(addressMatcher(['0.0.0.0/0', '::/0'])(undefined)).toBe(false);
    expect(addressMatcher([])('127.0.0.1')).toBe(false);
  });

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/8/8',
    '1.2.3.4/-1',
    '::1/129',
    '1::2::3',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4::5:6:7:8',
    '1.2.3.4:80',
  ])('refuses %j as an entry', (entry) => {
    expect(() => addressMatcher([entry])).toThrow(ConfigurationError);
  });

  it('agrees with the block list of Node', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(address, address, fc.nat(128), (base, other, length) => {
        const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
        const bits = family === 'ipv4' ? length % 33 : length;
        // Node tells an IPv4 address from the same one mapped to IPv6.
        const mapped = (text: string) => isIP(text) === 6 && /^[0:]*:ffff:/i.test(text);
        if (mapped(base) || mapped(other) || isIP(base) !== isIP(other)) return;
        const list = new BlockList();
        list.addSubnet(base, bits, family);
        expect(addressMatcher([`${base}/${bits}`])(other)).toBe(list.check(other, family));
      }),
      { numRuns: 500 },
    );
  });
});
