/** Where the line of a key goes: into the file that sshd reads for the account, unless it is there already. */

import { optionValue, parseAuthorizedKeys } from '../../doctor/authorized-keys.ts';
import { untrusted } from '../../doctor/file-trust.ts';
import { parseGateCall } from '../../doctor/gate-call.ts';
import { type GateLine, placeOf } from '../../doctor/gate-lines.ts';
import { openKeysIn } from '../../doctor/open-keys.ts';
import { ANYWHERE, readScene, type Scene } from '../../doctor/scene.ts';
import { keysFiles } from '../../doctor/sshd-settings.ts';
import { DEFAULT_POLICY } from '../../policy/load.ts';
import { printable, quote } from '../../printable.ts';
import { CannotPair } from './cannot-pair.ts';
import type { Login } from './login.ts';

/** One of the first two. */
export interface KeyPlace {
  /** The file that lacks the line. */
  readonly path?: string;
  /** FILE:LINE of the line that is there. */
  readonly there?: string;
  /** Sentences on what is beside it: open lines, and this key in files of others. */
  readonly warnings: readonly string[];
}

/** @throws CannotPair where the key is another client's, or another account's, or sshd reads no file. */
export async function placeForKey(
  login: Login,
  line: string,
  client: string,
  sshdConfig: string,
): Promise<KeyPlace> {
  const [own] = parseAuthorizedKeys(line).lines;
  const accounts = login.exists ? [login.name] : [];
  const options = { policy: undefined, clients: [], accounts, sshdConfig, program: '' };
  const scene = await readScene(options);
  const { gates, sshd, files } = scene;
  const { paths, warnings } = await judgeUnread(scene, login);
  const wanted = {
    client,
    login,
    policy: own && parseGateCall(optionValue(own, 'command') ?? '')?.policy,
  };
  const there: string[] = [];
  for (const gate of gates.filter((one) => one.line.key === own?.key)) {
    // Any user can write whatever line into a file of his own: that is not to stop root.
    if (paths.includes(gate.path) || isRootsAlone(gate.path)) {
      const problem = mismatch(gate, wanted);
      if (problem !== undefined) throw new CannotPair(problem);
      there.push(placeOf(gate));
    } else
      warnings.push(
        `${placeOf(gate)} has this key, too. By that line the key gets in as ${gate.account.name}, who can write to that file`,
      );
  }
  for (const file of files)
    if (login.exists && file.account.name === login.name) warnings.push(...openKeysIn(file, own?.key));
  const [first] = there;
  if (first !== undefined) return { there: first, warnings };
  const [path] = keysFiles(await sshd.settings(login.name, ANYWHERE), login);
  if (path === undefined)
    throw new CannotPair(
      `sshd reads no file with keys for ${login.name}: see AuthorizedKeysFile in ${sshdConfig}`,
    );
  return { path, warnings };
}

/** The files with keys of root and the login. @throws CannotPair where one of these could not be read. */
async function judgeUnread({ people, sshd, unread }: Scene, login: Login) {
  const paths: string[] = [];
  for (const account of people.accounts)
    if (account.uid === 0 || account.name === login.name)
      paths.push(...keysFiles(await sshd.settings(account.name, ANYWHERE), account));
  const isOwn = (where: string) => paths.some((path) => printable(path) === where);
  const own = unread.find(({ where }) => isOwn(where));
  if (own !== undefined)
    throw new CannotPair(`${own.where} ${own.problem}, so nobody knows whose keys are in it`);
  const warnings = unread.map(
    ({ where, problem }) => `${where} ${problem}, and was not read: this key may be in it, too`,
  );
  return { paths, warnings };
}

/** True where nobody but root can have written it. */
function isRootsAlone(path: string): boolean {
  try {
    return untrusted(path).length === 0;
  } catch {
    // Who took it away just now could write, too.
    return false;
  }
}

interface Wanted {
  readonly client: string;
  readonly login: Login;
  /** As the line is to name it. */
  readonly policy: string | undefined;
}

/** Why a line of the key does not do what is wanted; undefined where it does. */
function mismatch(gate: GateLine, { client, login, policy }: Wanted): string | undefined {
  const place = placeOf(gate);
  if (gate.call?.client !== client)
    return `that key is the one of ${quote(gate.call?.client ?? gate.command)} in ${place}, and a key can be one client's alone. Take that name, or make another key: ssh-keygen -t ed25519`;
  if (gate.account.name !== login.name)
    return `that key lets "${client}" in as ${gate.account.name} already, by ${place}. Grant it there, or delete that line first`;
  const own = gate.call.policy ?? DEFAULT_POLICY;
  if (own !== (policy ?? DEFAULT_POLICY))
    return `that key goes by the policy ${own}, by ${place}. Grant it there: --policy ${own}; or delete that line first`;
  return undefined;
}
