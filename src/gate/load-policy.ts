/** The policy as a request finds it: whole, or broken, and then the refusal of everything. */

import { buildPolicy } from '../policy/build.ts';
import { readTrustedPolicy, UnusablePolicy } from '../policy/load.ts';
import { describeMistake } from '../policy/mistakes.ts';
import { type AuditSettings, DEFAULT_AUDIT, type Policy } from '../policy/policy.ts';
import { type Refusal, refuse } from '../refusal.ts';

interface Loaded {
  /** The refusal is of everything. */
  readonly policy: Policy | Refusal;
  /** Where to record it, either way. */
  readonly audit: AuditSettings;
}

export async function loadPolicy(path: string): Promise<Loaded> {
  let text: string;
  try {
    text = readTrustedPolicy(path);
  } catch (error) {
    if (!(error instanceof UnusablePolicy)) throw error;
    // What somebody else may have written does not get to say where records go.
    return { policy: brokenPolicy(error.message), audit: DEFAULT_AUDIT };
  }
  const built = await buildPolicy(text);
  if ('policy' in built) return { policy: built.policy, audit: built.policy.audit };
  const mistakes = built.mistakes.map(describeMistake).join('; ');
  return { policy: brokenPolicy(`${path}: ${mistakes}`), audit: built.audit ?? DEFAULT_AUDIT };
}

/** The client learns that the policy is broken; what is wrong with it is for the fileserver's log. */
function brokenPolicy(detail: string): Refusal {
  return { ...refuse('policy-broken'), detail };
}
