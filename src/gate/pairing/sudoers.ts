/** The sudoers file of the gate: sudo refuses everything to everybody where one of its files has a mistake. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { ask } from '../../doctor/ask.ts';
import { type GateCall, parseGateCall } from '../../doctor/gate-call.ts';
import { findSudo } from '../../doctor/sudo-tools.ts';
import { CannotPair } from './cannot-pair.ts';

export const SUDOERS = '/etc/sudoers.d/zrep-gate';

/** The sudo that the forced command names. */
const SUDO = '/usr/bin/sudo';

/** @throws CannotPair where there is no sudo, or its visudo does not take `text`. */
export async function checkSudoers(text: string): Promise<void> {
  const tools = await findSudo(SUDO);
  if ('code' in tools)
    throw new CannotPair(
      `${tools.where} ${tools.problem}. ${[tools.remedy.what, ...tools.remedy.lines].join(' ')}`,
    );
  const folder = mkdtempSync(`/tmp/zrep-gate-sudoers-`);
  try {
    const draft = `${folder}/sudoers`;
    writeFileSync(draft, text, { encoding: 'latin1', mode: 0o440 });
    const { good, message } = await ask([tools.visudo, '-c', '-f', draft]);
    if (!good)
      throw new CannotPair(`visudo refuses what ${SUDOERS} would be: ${message.replaceAll(draft, SUDOERS)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * `text` without the rules that run a gate which `isWanted`: the lines of `zrep-gate authorize --sudo`, by the name of their alias. Pure.
 */
export function withoutRules(
  text: string,
  isWanted: (call: GateCall) => boolean,
): { readonly text: string; readonly lines: readonly string[] } {
  const all = text.split('\n');
  const aliases = all.flatMap((line) => {
    const [, alias, command = ''] = /^Cmnd_Alias ([A-Z][A-Z0-9_]*) = (.*)$/.exec(line) ?? [];
    const call = parseGateCall(command.replace(/\\(.)/g, '$1'));
    return alias !== undefined && call !== undefined && isWanted(call) ? [alias] : [];
  });
  const isOwn = (line: string) =>
    aliases.some(
      (alias) =>
        line.startsWith(`Cmnd_Alias ${alias} = `) ||
        line.startsWith(`Defaults!${alias} `) ||
        line.endsWith(` NOPASSWD: ${alias}`),
    );
  return { text: all.filter((line) => !isOwn(line)).join('\n'), lines: all.filter(isOwn) };
}
