/** Accounts as passwd(5) and shadow(5) have them. Pure. */

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** /bin/sh where the file has none (passwd(5)). */
  readonly shell: string;
}

export interface Password {
  /** The second field: a hash, or what is none. */
  readonly hash: string;
  /** Days since 1970 of the last change; 0 is "at the next login"; undefined when empty. */
  readonly changed: number | undefined;
  /** The day on which the account expires. */
  readonly expires: number | undefined;
}

export function parsePasswd(text: string): Account[] {
  return rows(text).flatMap(([name = '', , uid = '', gid = '', , home = '/', shell = '']) =>
    /^\d+$/.test(uid) && /^\d+$/.test(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' }]
      : [],
  );
}

/** Account name → its password. */
export function parseShadow(text: string): Map<string, Password> {
  return new Map(
    rows(text).map(([name = '', hash = '', changed, , , , , expires]) => [
      name,
      { hash, changed: day(changed), expires: day(expires) },
    ]),
  );
}

/** Locked as `usermod -L` and `useradd` leave it; for sshd that is any `!` in front (its auth.c). */
export function isLocked({ hash }: Password): boolean {
  return hash.startsWith('!');
}

/** True when some password opens the account; an empty field is one that everybody knows. */
export function hasPassword({ hash }: Password): boolean {
  return hash === '' || /^[$./0-9A-Za-z_][\x21-\x7e]{10,}$/.test(hash);
}

function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => line.split(':'));
}

function day(text = ''): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
