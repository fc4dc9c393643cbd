/** The sudoers file of the gate: sudo refuses everything to everybody where one of its files has a mistake. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { ask } from '../../doctor/ask.ts';
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
  const folder = mkdtempSync(`${tmpdir()}/zrep-gate-`);
  try {
    const draft = `${folder}/sudoers`;
    writeFileSync(draft, text, { encoding: 'latin1', mode: 0o440 });
    const { good, message } = await ask([tools.visudo, '-c', '-f', draft]);
    if (!good) throw new CannotPair(`${SUDOERS} would not be sound: ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
