/**
 * What `sshd -T` prints: the settings that hold for one account from one address. Pure.
 *
 * The case of a keyword means nothing (sshd_config(5)): OpenSSH prints small letters up to 10.0, and its own spelling later.
 */

/** Setting, in small letters, → its values; some stand more than once. */
export type SshdSettings = ReadonlyMap<string, readonly string[]>;

export function parseSettings(text: string): SshdSettings {
  const settings = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    const keyword = name?.toLowerCase();
    if (keyword !== undefined) settings.set(keyword, [...(settings.get(keyword) ?? []), value]);
  }
  return settings;
}

/** What every sshd prints, whatever its configuration, of that which is judged here. */
const ALWAYS = [
  'permitrootlogin', 'authorizedkeysfile', 'pubkeyauthentication', 'passwordauthentication', 'authenticationmethods',
  'permituserenvironment', 'permittunnel', 'forcecommand', 'maxsessions', 'strictmodes', 'clientaliveinterval', 'loglevel',
  'authorizedkeyscommand', 'trustedusercakeys',
]; // biome-ignore format: one table

/** Settings that should be there and are not: this sshd prints them in a way that is not known here. */
export function missingSettings(settings: SshdSettings): string[] {
  return ALWAYS.filter((name) => !settings.has(name));
}

/** The first value of a setting; an sshd that does not know it has none, which is the empty string. */
export function setting(settings: SshdSettings, name: string): string {
  return settings.get(name)?.[0] ?? '';
}

export function isOn(settings: SshdSettings, name: string): boolean {
  return /^(?:yes|true)$/i.test(setting(settings, name));
}

export function isOff(settings: SshdSettings, name: string): boolean {
  return /^(?:no|false)$/i.test(setting(settings, name));
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
