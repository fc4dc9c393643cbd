/** A policy as the gate would find it: believed, sound, doing what its examples say. */

import { checkPolicy } from '../gate/check.ts';
import { buildPolicy } from '../policy/build.ts';
import { distrust, readDraftPolicy, UnusablePolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { type Finding, finding } from './findings.ts';

export interface PolicyLook {
  readonly path: string;
  /** Undefined when it is not usable, whoever wrote it. */
  readonly policy: Policy | undefined;
  readonly findings: readonly Finding[];
}

/** Looks at the file at `path`; `now` in epoch seconds. */
export async function lookAtPolicy(path: string, now: number): Promise<PolicyLook> {
  const check = `zrep-gate check --policy ${path}`;
  const unusable = (problem: string) =>
    finding('policy-unusable', path, problem, 'Mend it, until this is content:', check);
  const untrusted = distrust(path).flatMap(({ problem, remedy }) => {
    // What is not there is told below.
    if (remedy === '') return [];
    return [
      /^ch(?:own|mod) /.test(remedy)
        ? finding('policy-not-roots', path, problem, 'Run:', remedy)
        : finding('policy-not-roots', path, problem, `${remedy[0]?.toUpperCase()}${remedy.slice(1)}.`),
    ];
  });
  try {
    const built = await buildPolicy(readDraftPolicy(path));
    const { errors } = await checkPolicy(path, now);
    const problems = errors.map((error) => error.replace(`${path}: `, ''));
    if ('mistakes' in built)
      return { path, policy: undefined, findings: [...untrusted, ...problems.map(unusable)] };
    const examples = problems.map((problem) =>
      finding(
        'policy-example',
        path,
        problem,
        'Change the grant or the example, until this is content:',
        check,
      ),
    );
    return { path, policy: built.policy, findings: [...untrusted, ...examples] };
  } catch (error) {
    if (!(error instanceof UnusablePolicy)) throw error;
    return {
      path,
      policy: undefined,
      findings: [...untrusted, unusable(error.message.replace(`${path}: `, ''))],
    };
  }
}
