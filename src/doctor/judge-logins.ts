/** Whether sshd, with these settings, lets a key through to the gate, and no other key gets in its way. Pure. */

import { hasOption, optionValue } from './authorized-keys.ts';
import { type Finding, finding } from './findings.ts';
import { type GateLine, type KeysFile, placeOf, sedOn } from './gate-lines.ts';
import { fitsPattern, type SshdSettings, setting } from './sshd-settings.ts';

/** A line that lets its key in without a forced command. */
export interface OpenLine {
  readonly path: string;
  readonly editor?: string | undefined;
  readonly line: KeysFile['content']['lines'][number];
}

/** The open lines of these files. */
export function openLinesIn(files: readonly KeysFile[]): OpenLine[] {
  return files.flatMap(({ path, content, editor }) =>
    content.lines.filter((line) => !hasOption(line, 'command')).map((line) => ({ path, line, editor })),
  );
}

/** Lines for the gate whose key sshd accepts from nowhere, for want of its type. */
export function judgeKeyTypes(gates: readonly GateLine[], settings: SshdSettings): Finding[] {
  return gates
    .filter(({ line }) => !acceptsKey(settings, line.key))
    .map((gate) => {
      const [type] = gate.line.key.split(' ');
      const what = 'Let the backup server make a key of another type, and authorize that one; there:';
      const make = 'ssh-keygen -t ed25519';
      return finding(
        'key-type-refused',
        placeOf(gate),
        `${type} is not in PubkeyAcceptedAlgorithms`,
        what,
        make,
      );
    });
}

/** Lines for the gate whose time is over at `now`. Without a Z it is the time of this host's zone (sshd(8), expiry-time). */
export function judgeExpiry(gates: readonly GateLine[], now: Date): Finding[] {
  return gates.flatMap((gate) => {
    const expires = optionValue(gate.line, 'expiry-time');
    if (expires === undefined || timeOf(expires) > now.getTime()) return [];
    const take = sedOn(gate, `'\\,${endOfKey(gate.line)},s|expiry-time="[^"]*",*||'`);
    return [
      finding(
        'key-expired',
        placeOf(gate),
        `expiry-time is ${expires}, which has passed`,
        'Write a later time there, or take it away:',
        take,
      ),
    ];
  });
}

/** YYYYMMDD[HHMM[SS]][Z] as milliseconds since 1970. */
function timeOf(text: string): number {
  const [year = 0, month = 1, ...rest] = (/^(\d{4})(\d\d)(\d\d)(\d\d)?(\d\d)?(\d\d)?/.exec(text) ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  const [day = 1, hour = 0, minute = 0, second = 0] = rest;
  const parts = [year, month - 1, day, hour, minute, second] as const;
  return /(?:z|utc)$/i.test(text) ? Date.UTC(...parts) : new Date(...parts).getTime();
}

/**
 * Open lines of root beside the gate, where root needs a forced command. `everywhere` is false where that does not hold for
 * every address: somebody may need the key.
 */
export function judgeOpenRootKeys(
  open: readonly OpenLine[],
  gates: readonly GateLine[],
  settings: SshdSettings,
  everywhere: boolean,
): Finding[] {
  if (!isForcedOnly(settings)) return [];
  const what = everywhere
    ? 'No login works by this key. Put a # in front of its line:'
    : 'If nobody logs in by this key from elsewhere, put a # in front of its line:';
  const isInTheWay = ({ line }: OpenLine) =>
    // A certificate may have a forced command of its own.
    !hasOption(line, 'cert-authority') &&
    acceptsKey(settings, line.key) &&
    // That is found for itself (key-open-elsewhere).
    !gates.some((gate) => gate.line.key === line.key);
  return open
    .filter(isInTheWay)
    .map((one) =>
      finding(
        'root-open-key',
        placeOf(one),
        'has no forced command, and PermitRootLogin is forced-commands-only',
        what,
        commentOut(one),
      ),
    );
}

/** True where root gets in by a forced command alone. */
export function isForcedOnly(settings: SshdSettings): boolean {
  return setting(settings, 'permitrootlogin').toLowerCase() === 'forced-commands-only';
}

/** The command that makes a comment of an open line: by its key, so that it is right after any other, and twice. */
export function commentOut(open: OpenLine): string {
  return sedOn(open, `'/command=/!s,^[^#].*${endOfKey(open.line)},# &,'`);
}

/**
 * A pattern of sed's, between two commas, for the lines with this key. Of a key by its base64 alone, which has nothing that a pattern or a
 * shell reads as anything but itself: its type may be any word.
 */
function endOfKey({ key }: OpenLine['line']): string {
  const [, base64 = ''] = key.split(' ');
  // The beginning of it is the type again, and the same in many.
  const begin = base64.length > 40 ? '' : '[[:blank:]]';
  return `${begin}${base64.slice(-40)}\\([[:space:]]\\|$\\)`;
}

/** Whether sshd accepts keys of this one's type; what it does not say is not held against the key. */
function acceptsKey(settings: SshdSettings, key: string): boolean {
  const accepted = setting(settings, 'pubkeyacceptedalgorithms').split(',');
  const [type = ''] = key.split(' ');
  // One kind of key, and three ways to sign by it (RFC 8332).
  const names = [type, ...(type.startsWith('ssh-rsa') ? ['rsa-sha2-256', 'rsa-sha2-512'] : [])];
  return accepted[0] === '' || names.some((name) => accepted.some((pattern) => fitsPattern(name, pattern)));
}
