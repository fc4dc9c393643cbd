/**
 * Public keys as OpenSSH writes them, by their form: a type is any word, and the base64 behind it begins with that word
 * (RFC 4253, 6.6). So keys of types that are made tomorrow are keys today. Pure.
 */

/** How many strings the base64 of a type holds behind its name (RFC 4253, 6.6; RFC 5656; PROTOCOL.u2f). */
const PARTS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
  'ssh-dss': 4,
};

/** True when `base64` is a key of this type: to its last byte where the type is an old one, by its name where it is not. */
export function isPublicKey(type: string, base64: string): boolean {
  const blob = Buffer.from(base64, 'base64');
  if (blob.toString('base64') !== base64) return false;
  const [name, end] = stringAt(blob, 0);
  if (name?.toString('latin1') !== type || end >= blob.length) return false;
  const parts = Object.hasOwn(PARTS, type) ? PARTS[type] : undefined;
  return parts === undefined || parts === stringsFrom(blob, end);
}

/** True for the type of a certificate: that is signed by a key, and is none. */
export function isCertificate(type: string): boolean {
  return /-cert(?:-v\d+)?(?:@|$)/.test(type);
}

/** How many strings there are from `at` on; undefined when they do not end with the blob. */
function stringsFrom(blob: Buffer, at: number): number | undefined {
  let count = 0;
  for (let next = at; next < blob.length; count += 1) {
    const [found, end] = stringAt(blob, next);
    if (found === undefined) return undefined;
    next = end;
  }
  return count;
}

/** The string at `at`, four bytes of length in front, and where it ends. */
function stringAt(blob: Buffer, at: number): [Buffer | undefined, number] {
  const end = at + 4 <= blob.length ? at + 4 + blob.readUInt32BE(at) : Number.POSITIVE_INFINITY;
  return end > blob.length ? [undefined, blob.length] : [blob.subarray(at + 4, end), end];
}
