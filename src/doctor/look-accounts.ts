/** The accounts that clients log in to: what sshd gives them, what they are, and how they become root. */

import { type Account, hasPassword } from './accounts.ts';
import { ask, readIfThere } from './ask.ts';
import { wayTo } from './file-trust.ts';
import type { Finding } from './findings.ts';
import type { GateLine, KeysFile } from './gate-lines.ts';
import { judgeAccount } from './judge-account.ts';
import { isForcedOnly, judgeExpiry, judgeKeyTypes, judgeOpenRootKeys, openLinesIn } from './judge-logins.ts';
import { lookAtKeysFile } from './key-files.ts';
import type { Visitor } from './look-sshd.ts';
import { lookAtSudo } from './look-sudo.ts';
import { ANYWHERE, policyOf, type Scene } from './scene.ts';

/** What sshd's settings for `account` are judged by. */
export function visitorFor(account: Account, scene: Scene): Visitor {
  const own = linesOf(account, scene);
  const addresses = own.flatMap(
    (gate) => policyOf(gate, scene)?.policy.clients.get(gate.call?.client ?? '')?.from ?? [ANYWHERE],
  );
  const password = scene.people.passwords.get(account.name);
  return {
    account,
    addresses: [...new Set(addresses.length > 0 ? addresses.map(firstOf) : [ANYWHERE])],
    root: account.uid === 0,
    gate: own.length > 0,
    otherKeys: openLinesIn(filesOf(account, scene)).length,
    password: password === undefined || hasPassword(password),
  };
}

/** Every account with a line for the gate. */
export async function lookAtAccounts(scene: Scene): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const account of scene.accounts) {
    const own = linesOf(account, scene);
    if (own.length === 0) continue;
    findings.push(
      ...(await lookAtAccount(account, own, scene)),
      ...(await lookAtLogins(account, own, scene)),
    );
    const calls = own.flatMap(({ call }) => (account.uid !== 0 && call?.sudo ? [call] : []));
    if (calls.length > 0) findings.push(...(await lookAtSudo(account, calls)));
  }
  return findings;
}

async function lookAtAccount(
  account: Account,
  own: readonly GateLine[],
  { people, sshd }: Scene,
): Promise<Finding[]> {
  const groups = (await ask(['id', '-G', '--', account.name])).output.trim().split(' ').map(Number);
  const paths = [...new Set(own.map(({ path }) => path))];
  const facts = {
    password: people.passwords.get(account.name),
    settings: await sshd.settings(account.name, ANYWHERE),
    today: Math.floor(Date.now() / 86_400_000),
    shellRuns: isExecutable(account.shell),
    startFile: account.uid === 0 ? readIfThere(`${account.home}/.bashrc`) : undefined,
  };
  return [...paths.flatMap((path) => lookAtKeysFile(account, path, groups)), ...judgeAccount(account, facts)];
}

/** From each address that the account's clients come from. */
async function lookAtLogins(account: Account, own: readonly GateLine[], scene: Scene): Promise<Finding[]> {
  const open = account.uid === 0 ? openLinesIn(filesOf(account, scene)) : [];
  const { addresses } = visitorFor(account, scene);
  const everywhere = isForcedOnly(await scene.sshd.settings(account.name, ANYWHERE));
  const findings: Finding[] = judgeExpiry(own, new Date());
  for (const address of addresses) {
    const settings = await scene.sshd.settings(account.name, address);
    findings.push(...judgeKeyTypes(own, settings), ...judgeOpenRootKeys(open, own, settings, everywhere));
  }
  return findings;
}

function filesOf({ name }: Account, { files }: Scene): KeysFile[] {
  return files.filter(({ account }) => account.name === name);
}

function linesOf({ name }: Account, { gates }: Scene): GateLine[] {
  return gates.filter(({ account }) => account.name === name);
}

/** Of a prefix, the address that stands in it. */
function firstOf(address: string): string {
  return address.split('/')[0] ?? address;
}

function isExecutable(path: string): boolean {
  try {
    const { stats } = wayTo(path).at(-1) ?? {};
    return stats?.isFile() === true && (stats.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}
