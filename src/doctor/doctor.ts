/**
 * `zrep-gate doctor`: looks at this host's real configuration, changes nothing, and tells what is wrong.
 *
 * Facts first (who comes in by which line, what sshd and sudo say of them), then what is pure judges them.
 */

import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { lookAtAudit } from './audit-sinks.ts';
import { lookAtGrants } from './datasets.ts';
import { isDelegate } from './delegates.ts';
import { untrusted } from './file-trust.ts';
import { type Finding, finding, unique, type Verdict, verdictOn } from './findings.ts';
import { judgeKeyless, judgeLabel, judgeSecondLines } from './judge-clients.ts';
import { judgeGateLine } from './judge-keys.ts';
import { judgeStrangeLines } from './judge-strange-lines.ts';
import { lookAtGlobalLocks } from './locks.ts';
import { lookAtAccounts, visitorFor } from './look-accounts.ts';
import { lookAtSshd } from './look-sshd.ts';
import { lookAtUncovered } from './not-backed-up.ts';
import { lookAtGate, lookAtNode, lookAtPrograms } from './programs.ts';
import { judgeFloors, lookAtRoom } from './room.ts';
import { type DoctorOptions, isWanted, policyOf, readScene, type Scene } from './scene.ts';
import { lookAtSources, tellUnsent } from './sources.ts';

export interface Diagnosis {
  readonly host: string;
  readonly verdict: Verdict;
  /** What was looked at, in a few words each. */
  readonly looked: readonly string[];
  readonly findings: readonly Finding[];
}

/** Looks at everything that `options` ask for. */
export async function examine(options: DoctorOptions): Promise<Diagnosis> {
  const scene = await readScene(options);
  const { people, unread, sshd, accounts } = scene;
  const visitors = accounts.map((account) => visitorFor(account, scene));
  const findings = unique([
    ...people.findings,
    ...unread,
    ...(sshd.good ? await lookAtSshd(sshd, visitors) : []),
    ...sshd.findings,
    ...judgeLines(scene),
    ...(unread.length === 0 ? judgeAbsence(scene) : []),
    ...(await lookAtAccounts(scene)),
    ...lookAtPlaces(scene),
    ...(await lookAtPolicies(scene)),
  ]);
  return { host: hostname(), verdict: verdictOn(findings), looked: lookedAt(scene), findings };
}

function judgeLines(scene: Scene): Finding[] {
  const { gates, files, accounts } = scene;
  const names = new Set(accounts.map(({ name }) => name));
  const own = gates.flatMap((gate) => {
    const policy = gate.call && policyOf(gate, scene);
    const delegate = policy !== undefined && isDelegate(gate, policy.policy);
    return [...judgeGateLine(gate, delegate), ...(policy ? judgeLabel(gate, policy) : [])];
  });
  return [...own, ...judgeStrangeLines(files, gates, names), ...judgeSecondLines(gates, files)];
}

/** Lines and clients that are not there, for when every file of keys was read. */
function judgeAbsence({ gates, policies, options, accounts }: Scene): Finding[] {
  const findings = policies.flatMap(({ path, policy }) => {
    if (policy === undefined) return [];
    const strangers = options.clients.filter((name) => !policy.clients.has(name));
    return [
      ...judgeKeyless({ path, policy }, gates, (client) => isWanted(client, options)),
      ...strangers.map((client) =>
        finding('unknown-client', path, `has no client "${client}"`, 'Add it:', `[client.${client}]`),
      ),
    ];
  });
  const keyless = accounts.filter(
    ({ name }) => options.accounts.includes(name) && !gates.some(({ account }) => account.name === name),
  );
  for (const { name } of keyless) findings.push(noLine(`account ${name}`, 'has no line that'));
  if (gates.length === 0 && keyless.length === 0)
    findings.push(noLine('authorized_keys', 'no line of any account'));
  return findings;
}

function noLine(where: string, who: string): Finding {
  const line = `zrep-gate grant CLIENT DATASET --key KEY.pub`;
  const what =
    'With the public key of a backup server in a file (and --sudo ACCOUNT, for an account that is not root):';
  return finding('no-gate-line', where, `${who} calls the gate`, what, line);
}

/** The programs and folders that serving needs. */
function lookAtPlaces({ gates, policies, options }: Scene): Finding[] {
  const own = realpathSync(options.program);
  return [
    ...gates.flatMap((gate) => (gate.call ? lookAtGate(gate, own) : [])),
    ...lookAtNode(process.versions.node, process.execPath),
    ...untrusted(own),
    ...policies.flatMap(({ path, policy }) => {
      if (policy === undefined) return [];
      const delegates = gates.filter((gate) => isDelegate(gate, policy)).map(({ account }) => account.uid);
      return lookAtPrograms(policy, path, delegates);
    }),
  ];
}

async function lookAtPolicies({ policies, options }: Scene): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { path, policy, findings: own } of policies) {
    findings.push(...own);
    if (policy === undefined) continue;
    const names = new Set([...policy.clients.keys()].filter((name) => isWanted(name, options)));
    const unsent = await lookAtSources(policy, names);
    const told = new Set(unsent.map(({ dataset }) => dataset));
    findings.push(
      ...(await lookAtGrants(policy, path, names, told)),
      ...unsent.map((one) => tellUnsent(one, policy)),
      ...(await lookAtUncovered(policy, path, names, told)),
      ...judgeFloors(policy, path, names),
      ...(await lookAtRoom(policy, path, names)),
    );
    findings.push(...lookAtAudit(policy.audit, path), ...lookAtGlobalLocks(policy.zrep.rundir));
  }
  return findings;
}

function lookedAt({ accounts, gates, policies }: Scene): string[] {
  return [
    `sshd and the keys of ${accounts.map(({ name }) => name).join(' and ')}`,
    `${gates.length} line${gates.length === 1 ? '' : 's'} for the gate`,
    ...(gates.some(({ call }) => call?.sudo) ? ['sudo'] : []),
    'programs and their owners',
    ...policies.map(({ path }) => path),
    'datasets and their pools, records and locks',
  ];
}
