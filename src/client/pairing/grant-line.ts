/** The one line to paste on the fileserver. Pure. */

import { inShell } from '../../printable.ts';
import type { PublicKey } from '../../public-key.ts';
import type { Settings } from '../words/settings.ts';

/** A client's name has 64 characters at most. */
const LONGEST = 64;

/** `zrep-gate grant backup1 tank/home --key 'ssh-ed25519 ...'`, which any shell reads as it is meant; `user` is who logs in there. */
export function grantLine(
  { hostName, tag, recursive }: Pick<Settings, 'hostName' | 'tag' | 'recursive'>,
  source: string,
  key: PublicKey,
  user: string,
): string {
  // What a comment may have else means something to a shell, or to a terminal.
  const comment = /^[A-Za-z0-9@._-]+$/.test(key.comment) ? [key.comment] : [];
  const words = ['zrep-gate', 'grant', hostName.slice(0, LONGEST), source];
  words.push('--key', [key.type, key.base64, ...comment].join(' '));
  if (tag !== 'zrep') words.push('--tag', tag);
  if (recursive) words.push('--recursive');
  if (user !== 'root') words.push('--sudo', user);
  return words.map(inShell).join(' ');
}
