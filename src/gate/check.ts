/** `zrep-gate check`: is this policy what its author means? Reads a draft anywhere, as any user. */

import { accessSync, constants } from 'node:fs';
import { assumedAddress } from '../policy/assume.ts';
import { buildPolicy } from '../policy/build.ts';
import { fillsByFloor } from '../policy/limits.ts';
import { readDraftPolicy, trustProblems } from '../policy/load.ts';
import { describeMistake } from '../policy/mistakes.ts';
import { makesSnapshots } from '../policy/operations.ts';
import type { Policy } from '../policy/policy.ts';
import { printable, quote } from '../printable.ts';
import { explain } from './explain.ts';

export interface CheckReport {
  /** What makes the gate refuse everything, and examples whose verdict is another than their author meant. */
  readonly errors: readonly string[];
  /** What would make the gate refuse this file where it lies, or an operation when it runs. */
  readonly warnings: readonly string[];
  readonly summary: string;
  /** Where it is usable. */
  readonly policy?: Policy;
}

/**
 * What is right and wrong with the policy at `path`; `now` in epoch seconds.
 *
 * @throws UnusablePolicy when the file cannot be read.
 */
export async function checkPolicy(path: string, now: number): Promise<CheckReport> {
  const built = await buildPolicy(readDraftPolicy(path));
  const warnings = trustProblems(path).map((problem) =>
    printable(`serve would refuse this file: ${problem}`),
  );
  if ('mistakes' in built) {
    return {
      errors: built.mistakes.map((mistake) => `${printable(path)}: ${describeMistake(mistake)}`),
      warnings,
      summary: '',
    };
  }
  const { policy } = built;
  const grants = [...policy.clients.values()].reduce((sum, client) => sum + client.grants.length, 0);
  return {
    policy,
    errors: wrongExamples(path, policy, now),
    warnings: [...warnings, ...limitsBelowFloors(policy), ...missingPrograms(policy)],
    summary: `${count(policy.clients.size, 'client')}, ${count(grants, 'grant')}, ${count(policy.examples.length, 'example')}`,
  };
}

function wrongExamples(path: string, policy: Policy, now: number): string[] {
  return policy.examples.flatMap(({ client, command, verdict }, index) => {
    const found = explain(
      policy,
      { client, address: assumedAddress(policy, client), now },
      command.replaceAll('{NOW}', String(now)),
    );
    if (found.verdict === verdict) return [];
    const place = `${printable(path)}: example[${index + 1}]`;
    return [`${place}: ${quote(command)} should be "${verdict}", but is "${found.verdict}": ${found.reason}`];
  });
}

function limitsBelowFloors({ clients }: Policy): string[] {
  return [...clients].flatMap(([name, { grants }]) =>
    grants.flatMap((grant, index) => {
      if (!makesSnapshots(grant) || !fillsByFloor(grant.limits)) return [];
      const { snapshots, keepAtLeast } = grant.limits;
      const place = `client.${name}.grant[${index + 1}]`;
      return [
        `${place}: snapshots = ${snapshots} is not more than keep-at-least = ${keepAtLeast}, so with ${snapshots} snapshots the gate refuses every new one; raise snapshots`,
      ];
    }),
  );
}

function missingPrograms({ zfs, filters, clients }: Policy): string[] {
  const used = new Set(
    [...clients.values()].flatMap(({ grants }) => grants.flatMap((grant) => grant.filters)),
  );
  const programs = [zfs, ...[...used].map((name) => filters.get(name)?.[0] ?? name)];
  return [...new Set(programs)]
    .filter((program) => !isExecutable(program))
    .map((program) => `${program} is not an executable here`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
