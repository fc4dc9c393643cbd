/** The policy as a file that is changed, and its text. */

import { isUtf8 } from 'node:buffer';
import { buildPolicy } from '../../policy/build.ts';
import { distrust, trustProblems } from '../../policy/load.ts';
import { sayMistaken } from '../../policy/mistakes.ts';
import type { Policy } from '../../policy/policy.ts';
import { CannotPair } from './cannot-pair.ts';
import { lookAtTarget, type Target } from './target.ts';

/** The file at `path`, which need not be there. @throws CannotPair where serve would not believe it. */
export function policyFile(path: string): Target {
  // What is not there is all that is wrong with it.
  const isMissing = distrust(path).every(({ remedy }) => remedy === '');
  const [problem] = isMissing ? [] : trustProblems(path);
  if (problem !== undefined) throw new CannotPair(`serve would refuse this file: ${problem}`);
  const target = lookAtTarget(path);
  if (!isUtf8(Buffer.from(target.text, 'latin1'))) throw new CannotPair(`${path} is not UTF-8 text`);
  return target;
}

/** Its text, whose bytes are UTF-8. */
export function policyText({ text }: Target): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** The policy in `text`. @throws CannotPair with its first mistake. */
export async function readPolicyText(text: string): Promise<Policy> {
  const built = await buildPolicy(text);
  if ('policy' in built) return built.policy;
  throw new CannotPair(sayMistaken(built.mistakes));
}
