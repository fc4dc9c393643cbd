/** Who comes to the gate, by which line of which file, under which policy: what everything else is judged against. */

import { DEFAULT_POLICY } from '../policy/load.ts';
import type { Account } from './accounts.ts';
import type { Finding } from './findings.ts';
import { type GateLine, gateLinesIn, type KeysFile } from './gate-lines.ts';
import type { PolicyAt } from './judge-clients.ts';
import { readKeysFile } from './key-files.ts';
import { lookAtPeople, type People } from './people.ts';
import { lookAtPolicy, type PolicyLook } from './policies.ts';
import { openSshd, type Sshd } from './sshd.ts';
import { keysFiles } from './sshd-settings.ts';

export interface DoctorOptions {
  /** The policy to look at; those that the keys go by when left out. */
  readonly policy: string | undefined;
  /** The clients to look at; all when there are none. */
  readonly clients: readonly string[];
  /** Accounts to look at beside root and those with a line for the gate. */
  readonly accounts: readonly string[];
  readonly sshdConfig: string;
  /** What was started by this name is the gate that clients should get. */
  readonly program: string;
}

export interface Scene {
  readonly options: DoctorOptions;
  readonly people: People;
  readonly sshd: Sshd;
  /** The keys of everybody: any account may have a line for the gate, or a second one for the same key. */
  readonly files: readonly KeysFile[];
  /** Files of keys that could not be read. */
  readonly unread: readonly Finding[];
  /** The lines for the gate, of the clients that are wanted. */
  readonly gates: readonly GateLine[];
  /** root, the accounts with such a line, and those that were asked for. */
  readonly accounts: readonly Account[];
  readonly policies: readonly PolicyLook[];
}

/** Where clients come from whose policy does not say: an address that nobody has (RFC 5737). */
export const ANYWHERE = '192.0.2.1';

/** Reads it all, once. */
export async function readScene(options: DoctorOptions): Promise<Scene> {
  const people = await lookAtPeople(options.accounts);
  const sshd = await openSshd(options.sshdConfig);
  const read = await readKeys(people, sshd);
  const files = read.flatMap((one) => ('code' in one ? [] : [one]));
  const unread = read.flatMap((one) => ('code' in one ? [one] : []));
  const gates = gateLinesIn(files).filter(({ call }) => !call || isWanted(call.client, options));
  const accounts = people.accounts.filter(
    ({ name, uid }) =>
      (uid === 0 && name === 'root') ||
      options.accounts.includes(name) ||
      gates.some(({ account }) => account.name === name),
  );
  const policies = await readPolicies(options, gates);
  return { options, people, sshd, files, unread, gates, accounts, policies };
}

/** True for a client that was asked about. */
export function isWanted(client: string, { clients }: DoctorOptions): boolean {
  return clients.length === 0 || clients.includes(client);
}

/** The policy that a line goes by; undefined when it is not usable. */
export function policyOf({ call }: GateLine, { policies }: Scene): PolicyAt | undefined {
  const found = policies.find(({ path }) => path === (call?.policy ?? DEFAULT_POLICY)) ?? policies[0];
  return found?.policy && { path: found.path, policy: found.policy };
}

async function readKeys({ accounts }: People, sshd: Sshd): Promise<(KeysFile | Finding)[]> {
  const found: (KeysFile | Finding)[] = [];
  for (const account of accounts) {
    const settings = await sshd.settings(account.name, ANYWHERE);
    for (const path of keysFiles(settings, account)) {
      const read = readKeysFile(account, path);
      if (read !== undefined) found.push(read);
    }
  }
  return found;
}

async function readPolicies({ policy }: DoctorOptions, gates: readonly GateLine[]): Promise<PolicyLook[]> {
  const named = gates.flatMap(({ call }) => (call ? [call.policy ?? DEFAULT_POLICY] : []));
  const paths = policy ? [policy] : named.length > 0 ? named : [DEFAULT_POLICY];
  const now = Math.floor(Date.now() / 1000);
  return Promise.all([...new Set(paths)].map((path) => lookAtPolicy(path, now)));
}
