/**
 * What makes room, behind the refusal of one more snapshot: what was expired for it, and what a person can do. Pure.
 *
 * Never that anything be destroyed: nobody here knows what is expendable.
 */

import { isRefusal, type Refusal, type RefusalCode } from '../refusal.ts';
import type { Expired } from './expire.ts';

/** What came of expiring: how many are gone, or why it could not be done; or that the client may not have it done. */
export type Attempt = Expired | Refusal | 'not granted';

/** The refusals of one more snapshot that expiring can lift. */
const LIFTED: readonly RefusalCode[] = ['too-many-snapshots', 'snapshots-too-often', 'pool-full'];

/** True for the refusal of one more snapshot that expiring can lift. */
export function isShortage({ refused }: Refusal): boolean {
  return LIFTED.includes(refused);
}

/** `refusal`, of one more snapshot of `dataset`, with what was tried and what is left to do; any other as it is. */
export function withWayOut(refusal: Refusal, dataset: string, attempt: Attempt): Refusal {
  if (!isShortage(refusal)) return refusal;
  const words = [refusal.reason, ...tried(refusal, attempt), ...remedy(refusal, dataset, attempt)];
  const done = typeof attempt === 'object' && !isRefusal(attempt) ? attempt : undefined;
  const complaints = done?.left.map(({ snapshot, ended }) => `${snapshot}: ${ended.message.trim()}`) ?? [];
  return {
    ...refusal,
    reason: words.join('; '),
    ...(complaints.length > 0 ? { detail: complaints.join('; ') } : {}),
    ...(done ? { destroyed: done.destroyed } : {}),
  };
}

function tried({ refused }: Refusal, attempt: Attempt): string[] {
  // An hour passes by itself.
  const passes = refused === 'snapshots-too-often';
  if (attempt === 'not granted')
    return passes ? [] : ['the gate expired nothing, since the grant has no "expire" in its operations'];
  if (isRefusal(attempt)) return passes ? [] : [`the gate could expire nothing (${because(attempt)})`];
  const { destroyed, left } = attempt;
  const failed = left.length === 0 ? [] : [`zfs could not destroy ${left.length}, and the log has why`];
  if (destroyed > 0)
    return [
      `the gate expired ${destroyed} snapshot${destroyed === 1 ? '' : 's'}, which was not enough`,
      ...failed,
    ];
  if (left.length > 0 || passes) return failed;
  return ['none is due to expire: savecount, keep-at-least, keep-for and holds keep them'];
}

function because({ refused, reason }: Refusal): string {
  return refused === 'never-sent' ? 'no snapshot is marked as sent' : reason;
}

function remedy({ refused }: Refusal, dataset: string, attempt: Attempt): string[] {
  const [pool = ''] = dataset.split('/');
  const grant = attempt === 'not granted' ? ['allow "expire"'] : [];
  const gone = typeof attempt === 'object' && !isRefusal(attempt) && attempt.destroyed > 0;
  switch (refused) {
    case 'pool-full':
      return [
        ...(gone ? ['retry in a minute, since zfs frees space little by little'] : []),
        `on the fileserver, see what uses the space: zfs list -r -o space ${pool}`,
      ];
    case 'too-many-snapshots':
      return [`in the policy, ${[...grant, 'raise "snapshots"'].join(', or ')}`];
    default:
      return [];
  }
}
