/** Where a client may connect from. */

import fc from 'fast-check';
import t from 'tap';
import { isAddressOrPrefix, isAllowedAddress } from '../../src/policy/addresses.ts';

const FROM = ['192.0.2.10', '198.51.100.0/24', '2001:db8::10', '2001:db8:1::/48', '203.0.113.128/25'];

t.test('an address is allowed when it is one of the list or in one of its prefixes', async (t) => {
  const inside = [
    '192.0.2.10', '198.51.100.0', '198.51.100.255', '203.0.113.128', '2001:db8::10', '2001:DB8:0:0::10',
    '2001:db8:1::', '2001:db8:1:ffff:ffff:ffff:ffff:ffff', '::ffff:192.0.2.10', '::FFFF:198.51.100.7',
    '::ffff:c000:20a', '2001:db8:1::7%eth0',
  ]; // biome-ignore format: one table
  const outside = [
    '192.0.2.1', '192.0.2.100', '192.0.2.11', '198.51.101.0', '198.51.99.255', '203.0.113.127', '2001:db8::11',
    '2001:db8:2::', '2001:db8:0:ffff::', '::ffff:192.0.2.11', '::192.0.2.10', '::1', 'fe80::1%eth0', 'UNKNOWN', '',
    'localhost', '192.0.2', '192.0.2.10 ', '192.0.2.10\n', '192.0.2.010', '3221225994', '192.0.2.10/32', '*',
    '::ffff:', '192.0.2.10.', '2001:db8:1',
  ]; // biome-ignore format: one table
  for (const address of inside) t.equal(isAllowedAddress(FROM, address), true, address);
  for (const address of outside) t.equal(isAllowedAddress(FROM, address), false, JSON.stringify(address));
});

t.test('without a list every address is allowed, with one a missing address never', async (t) => {
  t.equal(isAllowedAddress(undefined, '192.0.2.10'), true);
  t.equal(isAllowedAddress(undefined, undefined), true);
  t.equal(isAllowedAddress(FROM, undefined), false);
  t.equal(isAllowedAddress(['0.0.0.0/0', '::/0'], undefined), false);
  t.equal(isAllowedAddress([], '192.0.2.10'), false);
});

t.test('a prefix of all IPv4 says nothing of IPv6', async (t) => {
  t.equal(isAllowedAddress(['0.0.0.0/0'], '192.0.2.10'), true);
  t.equal(isAllowedAddress(['0.0.0.0/0'], '2001:db8::1'), false);
});

t.test('a prefix holds exactly the addresses that share its bits', async () => {
  const number = fc.integer({ min: 0, max: 0xffffffff });
  const written = (bits: bigint): string =>
    [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
  const near = fc.tuple(number, fc.integer({ min: 0, max: 31 }), fc.integer({ min: 0, max: 32 }));
  const all = fc.property(near, ([network, flipped, length]) => {
    const base = BigInt(network);
    const other = base ^ (1n << BigInt(flipped));
    // The flipped bit is counted from the right, the prefix from the left.
    return isAllowedAddress([`${written(base)}/${length}`], written(other)) === 31 - flipped >= length;
  });
  fc.assert(all, { numRuns: 1000 });
});

t.test('an entry is an address, or a prefix whose length fits its family, and nothing more', async (t) => {
  const good = [
    '192.0.2.10',
    '192.0.2.0/24',
    '0.0.0.0/0',
    '192.0.2.1/32',
    '::/0',
    '2001:db8::/32',
    '::1/128',
    '::ffff:192.0.2.0/120',
    '1:2:3:4:5:6:7:0/112',
    'ff00::/8',
    '::1',
  ];
  const bad = [
    '', '/', '/24', 'localhost', '192.0.2.0/', '192.0.2.0/33', '192.0.2.0/-1', '192.0.2.0/2 4', '::/129', '::/1e1',
    '192.0.2', '192.0.2.256', '192.0.2.1-9', '192.0.2.10/24', '128.0.0.0/0', '2001:db8::1/32', '::ffff:192.0.2.1/97', '1::2:3/112', 'fe80::1%eth0', '*', '192.0.2.*', '!192.0.2.1', '2001:db8::/32/', '192.0.2.0/24/8',
    '192.0.2.0/255.255.255.0', ' 192.0.2.1', '192.0.2.0/٢٤',
  ]; // biome-ignore format: one table
  for (const entry of good) t.equal(isAddressOrPrefix(entry), true, entry);
  for (const entry of bad) t.equal(isAddressOrPrefix(entry), false, JSON.stringify(entry));
});
