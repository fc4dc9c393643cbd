/** `sudo -ll -U ACCOUNT`: what the account may run on this host, by whichever file, group or alias. Pure. */

export interface SudoRule {
  /** Where it stands, as far as sudo tells (since 1.9.15). */
  readonly place: string | undefined;
  readonly runAs: readonly string[];
  /** `!authenticate`, `setenv` … */
  readonly options: readonly string[];
  /** Command lines, without the backslashes of sudoers(5). */
  readonly commands: readonly string[];
}

/** The rules, in the order in which sudo reads them: of several that fit, the last holds. */
export function parseRules(text: string): SudoRule[] {
  const rules: { place: string | undefined; runAs: string[]; options: string[]; commands: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [, place] = /^(?:Sudoers entry|\w+ Role):(?: (.*))?$/.exec(line) ?? [];
    if (/^(?:Sudoers entry|\w+ Role):/.test(line)) {
      rules.push({ place: place === '' ? undefined : place, runAs: [], options: [], commands: [] });
      continue;
    }
    const rule = rules.at(-1);
    const [, name, value = ''] = /^ {4}(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === 'RunAsUsers') rule?.runAs.push(...value.split(', '));
    if (name === 'Options') rule?.options.push(...value.split(', '));
    if (line.startsWith('\t')) rule?.commands.push(line.slice(1).replace(/\\(.)/g, '$1'));
  }
  return rules;
}
