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

export interface PublicKey {
  readonly type: string;
  readonly base64: string;
  /** '' where there is none. */
  readonly comment: string;
}

const LINE =
  /^(?<type>[A-Za-z0-9][A-Za-z0-9@._+-]*)[ \t]+(?<base64>[A-Za-z0-9+/]+={0,2})(?:[ \t]+(?<comment>.*))?$/;

/** The one key in the text of a .pub file; or what is wrong with it, to stand behind "the key" or the name of the file. */
export function readPublicKey(text: string): { readonly key: PublicKey } | { readonly problem: string } {
  const lines = text.split('\n').map((line) => line.trim());
  const [first = '', ...more] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (first === '') return { problem: 'is empty; give the .pub file that ssh-keygen wrote' };
  if (/-----BEGIN .*PRIVATE KEY-----|^PuTTY-User-Key-File/.test(first))
    return {
      problem: 'is a private key, which must not leave its host; give the file beside it that ends in .pub',
    };
  if (/^---- BEGIN SSH2 PUBLIC KEY ----/.test(first))
    return {
      problem: 'is in the form of RFC 4716; this prints it in the form of OpenSSH: ssh-keygen -i -f FILE',
    };
  if (more.length > 0) return { problem: 'does not hold exactly one public key; give one key, on one line' };
  const { type = '', base64 = '', comment = '' } = LINE.exec(first)?.groups ?? {};
  if (isCertificate(type)) return { problem: 'is a certificate; give the public key that it was made of' };
  if (isPublicKey(type, base64)) return { key: { type, base64, comment } };
  if (type !== '' && beginsAsKey(type, base64))
    return { problem: 'is not whole: its end is missing, or something was changed; copy the whole line' };
  if (/[ \t](?:ssh-|ecdsa-|sk-)\S+[ \t]+AAAA/.test(first))
    return { problem: 'has options in front; give the key alone, from its type on (ssh-ed25519 ...)' };
  return { problem: 'is not a public key; give the .pub file that ssh-keygen wrote' };
}

/** True for the beginning of a key of this type, or for one in which something else is wrong. */
function beginsAsKey(type: string, base64: string): boolean {
  const [name] = stringAt(Buffer.from(base64, 'base64'), 0);
  return name?.toString('latin1') === type || (/^(?:ssh|ecdsa|sk)-/.test(type) && base64.startsWith('AAAA'));
}

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
