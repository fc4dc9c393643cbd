/** Where the line of a key goes: into the file that sshd reads for the account, unless it is there already. */

import { parseAuthorizedKeys } from '../../doctor/authorized-keys.ts';
import { placeOf } from '../../doctor/gate-lines.ts';
import { openKeysOf } from '../../doctor/open-keys.ts';
import { ANYWHERE, readScene } from '../../doctor/scene.ts';
import { keysFiles } from '../../doctor/sshd-settings.ts';
import { CannotPair } from './cannot-pair.ts';
import type { Login } from './login.ts';

/** One of the two. */
export interface KeyPlace {
  /** The file that lacks the line. */
  readonly path?: string;
  /** FILE:LINE of the line that is there. */
  readonly there?: string;
}

/** @throws CannotPair where the key is another client's, or another account's, or sshd reads no file. */
export async function placeForKey(
  login: Login,
  line: string,
  client: string,
  sshdConfig: string,
): Promise<KeyPlace> {
  const [own] = parseAuthorizedKeys(line).lines;
  const options = { policy: undefined, clients: [], accounts: [], sshdConfig, program: '' };
  const { gates, sshd, unread } = await readScene(options);
  const [unseen] = unread;
  if (unseen !== undefined)
    throw new CannotPair(`${unseen.where} ${unseen.problem}, so nobody knows whose keys are in it`);
  for (const gate of gates.filter((one) => one.line.key === own?.key)) {
    const whose = gate.call?.client;
    if (whose !== client)
      throw new CannotPair(
        `that key is the one of "${whose ?? gate.command}" in ${placeOf(gate)}, and a key can be one client's alone. Take that name, or make another key: ssh-keygen -t ed25519`,
      );
    if (gate.account.name !== login.name)
      throw new CannotPair(
        `that key lets "${client}" in as ${gate.account.name} already, by ${placeOf(gate)}. Grant it there, or delete that line first`,
      );
    return { there: placeOf(gate) };
  }
  const [path] = keysFiles(await sshd.settings(login.name, ANYWHERE), login);
  if (path === undefined)
    throw new CannotPair(
      `sshd reads no file with keys for ${login.name}: see AuthorizedKeysFile in ${sshdConfig}`,
    );
  return { path };
}

/** Open lines beside it. */
export async function keyWarnings(login: Login, line: string): Promise<string[]> {
  const [own] = parseAuthorizedKeys(line).lines;
  return login.exists ? openKeysOf(login, own?.key) : [];
}
