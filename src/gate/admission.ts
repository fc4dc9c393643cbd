/**
 * How many of a client's commands are at work at once: a seat for each, and one more for each stream. A session has a
 * seat among the sessions that are open, whether or not a command of it is at work.
 */

import { isPull } from '../command/request.ts';
import type { Allowed } from '../policy/decide.ts';
import type { Grant } from '../policy/policy.ts';
import { type Leave, takeSeat } from '../process/seats.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { isBelow } from '../zfs/names.ts';

/**
 * Carries out `work`, which is what was `allowed`, when there is a seat for it, and gives the seat back however it ends;
 * otherwise the refusal. The seats are in `rundir`, beside zrep's lock.
 */
export async function admit<Result>(
  rundir: string,
  allowed: Allowed,
  work: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const { name, limits } = allowed.client;
  const { sessions, streams } = limits;
  const kinds: Kind[] = [
    { place: `sessions/${name}`, limit: sessions, refusal: refuse('too-many-sessions', sessions) },
  ];
  if (isStream(allowed)) {
    kinds.push({ place: `streams/${name}`, limit: streams, refusal: refuse('too-many-streams', streams) });
    for (const { dataset, limits } of streamed(allowed)) {
      const limit = limits.streamsPerDataset;
      const refusal = refuse('too-many-streams-of-dataset', dataset, limit);
      // No name has a `%`, and none more characters than a file's may have.
      kinds.push({ place: `datasets/${name}/${dataset.replaceAll('/', '%')}`, limit, refusal });
    }
  }
  return seated(rundir, kinds, work);
}

/** What a stream is of: its dataset, and where it is of a whole tree, each dataset in that which has a grant of its own. */
function streamed({ operation, limits, reach }: Allowed): Pick<Grant, 'dataset' | 'limits'>[] {
  const { dataset } = operation;
  const grants = reach === 'alone' ? [] : (reach.grants ?? []);
  return [{ dataset, limits }, ...grants.filter((grant) => isBelow(grant.dataset, dataset))];
}

/** The same for an open session of `client`, in which commands are admitted one by one. */
export function admitSession<Result>(
  rundir: string,
  { name, limits: { sessions } }: Allowed['client'],
  work: () => Promise<Result>,
): Promise<Result | Refusal> {
  // One that is open costs memory, and most of the time nothing else: so half of what can be at work.
  const limit = Math.ceil(sessions / 2);
  const refusal = refuse('too-many-open-sessions', limit, sessions);
  return seated(rundir, [{ place: `open/${name}`, limit, refusal }], work);
}

interface Kind {
  readonly place: string;
  readonly limit: number;
  /** Where all of them are taken. */
  readonly refusal: Refusal;
}

async function seated<Result>(
  rundir: string,
  kinds: readonly Kind[],
  work: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const seats: Leave[] = [];
  try {
    for (const { place, limit, refusal } of kinds) {
      const seat = await sitDown(`${rundir}/zrep-gate/${place}`, limit);
      if (isRefusal(seat)) return seat;
      if (seat === undefined) return refusal;
      seats.push(seat);
    }
    return await work();
  } finally {
    for (const leave of seats) leave();
  }
}

function isStream({ operation }: Allowed): boolean {
  return isPull(operation) || (operation.kind === 'send' && operation.dryRun === undefined);
}

async function sitDown(folder: string, limit: number): Promise<Leave | Refusal | undefined> {
  try {
    return await takeSeat(folder, limit);
  } catch (error) {
    return { ...refuse('limits-unavailable', folder), detail: (error as Error).message };
  }
}
