/** What is asked of a policy without a client that calls: where it would call from, and what becomes of an example. Pure. */

import { parse } from '../command/parse.ts';
import { SESSION } from '../command/session.ts';
import { isRefusal } from '../refusal.ts';
import { decide, findClient } from './decide.ts';
import type { Policy } from './policy.ts';

/** An address that `client` may call from, for when none was given: the first of its list. */
export function assumedAddress(policy: Policy, client: string): string | undefined {
  return policy.clients.get(client)?.from?.[0]?.split('/')[0];
}

/** What the policy says of an example; `now` in epoch seconds. */
export function exampleVerdict(
  policy: Policy,
  { client, command }: Policy['examples'][number],
  now: number,
): 'allow' | 'deny' {
  const asker = { client, address: assumedAddress(policy, client), now };
  const words = command.replaceAll('{NOW}', String(now));
  if (words === SESSION) return isRefusal(findClient(policy, asker)) ? 'deny' : 'allow';
  const pipeline = parse(words);
  return isRefusal(pipeline) || isRefusal(decide(policy, asker, pipeline)) ? 'deny' : 'allow';
}
