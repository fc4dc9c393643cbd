/** What `sshd -T` prints: the settings that hold for one account from one address. Pure. */

/** Setting, in small letters, → its values; some stand more than once. */
export type SshdSettings = ReadonlyMap<string, readonly string[]>;

export function parseSettings(text: string): SshdSettings {
  const settings = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) settings.set(name, [...(settings.get(name) ?? []), value]);
  }
  return settings;
}

/** The first value of a setting; an sshd that does not know it has none, which is the empty string. */
export function setting(settings: SshdSettings, name: string): string {
  return settings.get(name)?.[0] ?? '';
}

export function isOn(settings: SshdSettings, name: string): boolean {
  return setting(settings, name) === 'yes';
}

/** The files with an account's keys: the tokens replaced, and below its home where they are relative. */
export function keysFiles(
  settings: SshdSettings,
  account: { readonly name: string; readonly uid: number; readonly home: string },
): string[] {
  const tokens: Readonly<Record<string, string>> = {
    '%%': '%',
    '%h': account.home,
    '%u': account.name,
    '%U': String(account.uid),
  };
  const patterns = setting(settings, 'authorizedkeysfile').split(' ');
  return patterns
    .filter((pattern) => pattern !== '' && pattern !== 'none')
    .map((pattern) => pattern.replace(/%./g, (token) => tokens[token] ?? token))
    .map((path) => (path.startsWith('/') ? path : `${account.home}/${path}`));
}

/** True when a pattern of `*` and `?` fits `name` whole (ssh_config(5), PATTERNS). */
export function fitsPattern(name: string, pattern: string): boolean {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(name);
}
