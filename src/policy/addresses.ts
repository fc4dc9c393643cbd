/** Where a client may connect from: exact addresses and prefixes, IPv4 and IPv6. */

/** True when `from` is absent, or `address` is in it. An address that is missing or no address is in nothing. */
export function isAllowedAddress(from: readonly string[] | undefined, address: string | undefined): boolean {
  if (from === undefined) return true;
  if (address === undefined) return false;
  // Loaded on need: most policies leave the addresses to authorized_keys, and node:net costs a start-up millisecond.
  const { BlockList, isIP } = process.getBuiltinModule('node:net');
  // How a dual-stack sshd writes an IPv4 client.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const family = familyOf(plain);
  if (isIP(plain) === 0) return false;
  const list = new BlockList();
  for (const entry of from) {
    const [network = '', length] = entry.split('/');
    if (length === undefined) list.addAddress(network, familyOf(network));
    else list.addSubnet(network, Number(length), familyOf(network));
  }
  return list.check(plain, family);
}

/** True for an address, or a prefix whose length fits its family and leaves no bits behind it, as sshd's from= wants it. */
export function isAddressOrPrefix(text: string): boolean {
  const { isIP } = process.getBuiltinModule('node:net');
  const [network = '', length, ...more] = text.split('/');
  if (isIP(network) === 0 || more.length > 0 || network.includes('%')) return false;
  if (length === undefined) return true;
  const bits = bitsOf(network);
  return /^[0-9]{1,3}$/.test(length) && Number(length) <= bits.length && !bits.includes('1', Number(length));
}

/** The bits of a sound address, as 32 or 128 digits. */
function bitsOf(address: string): string {
  const binary = (value: number, digits: number): string => value.toString(2).padStart(digits, '0');
  const byBytes = (dotted: string): string =>
    dotted
      .split('.')
      .map((byte) => binary(Number(byte), 8))
      .join('');
  if (!address.includes(':')) return byBytes(address);
  const words = (part: string): string =>
    part === ''
      ? ''
      : part
          .split(':')
          .map((word) => (word.includes('.') ? byBytes(word) : binary(Number(`0x${word}`), 16)))
          .join('');
  const [head = '', tail] = address.split('::').map(words);
  return tail === undefined ? head : head.padEnd(128 - tail.length, '0') + tail;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
