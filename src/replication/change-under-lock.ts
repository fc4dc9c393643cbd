/**
 * For what only looks, decides and changes: where zfs runs channel programs, the changes and the lock are one moment and one wait for
 * the pool. The lock is looked at in that moment; it is set only where a session keeps it for the next command.
 */

import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { readStateArgv } from '../zfs/argv.ts';
import type { ListedDataset, Tag } from '../zfs/names.ts';
import type { Change, Premise } from '../zfs/program.ts';
import { type Listing, localValue, parseListing } from '../zfs/state.ts';
import { changeAtOnce, changeByCalls, fitsProgram, type Made } from './change.ts';
import { withGlobalLock } from './global-lock.ts';
import { isHolder } from './holder.ts';
import {
  type Held,
  isToKeep,
  lockPropertyNames,
  parsePid,
  type Reading,
  recordLeft,
  release,
  releaseChanges,
  takeChanges,
  withLock,
} from './lock.ts';
import { mustSucceed, type Step } from './step.ts';

/** What is to be changed, as decided from what was read. */
interface Decided<Result> {
  /** What it rests on beside the lock. */
  readonly premises: readonly Premise[];
  readonly changes: readonly Change[];
  /** The result, when they are made. */
  done(made: Made): Result | Promise<Result>;
  /** `done` still has to be done under the lock. */
  readonly needsLock?: boolean;
}

/** Pure, but for the clock and the room in the pool; decided anew where what it rests on has changed meanwhile. */
type Decide<Result> = (listing: Listing) => Promise<Decided<Result> | Refusal>;

/** How often. */
const TRIES = 3;

/**
 * Changes what `decide` decides on, from what `reading` reads, while nobody else holds the lock of `dataset`. `failing` is called when that throws, before
 * the lock is let go of where that can be.
 */
export async function changeUnderLock<Result>(
  step: Step,
  dataset: ListedDataset,
  tag: Tag,
  reading: Reading,
  decide: Decide<Result>,
  failing: () => void = () => {},
): Promise<Result | Refusal> {
  for (let attempt = 0; attempt < TRIES && step.capabilities.has('programs'); attempt += 1) {
    const result = await tryAtOnce(step, dataset, tag, reading, decide, failing);
    // What zfs would not do may be so because another was faster: it is decided once more.
    if (result === 'by calls' || (result === 'cannot' && attempt > 0)) break;
    if (result !== 'changed' && result !== 'cannot') return result;
  }
  const byCalls = async (listing: Listing, held: Held) => {
    const decided = await decide(listing);
    if (isRefusal(decided)) return decided;
    step.interruption.check();
    const { premises, changes, needsLock } = decided;
    const made = await (needsLock ? changeByCalls(step, dataset, changes) : held.finish(changes, premises));
    return isRefusal(made) ? made : decided.done(made);
  };
  let failed = false;
  const fail = (error: unknown) => {
    if (!failed) failing();
    failed = true;
    throw error;
  };
  const work = (listing: Listing, held: Held) => byCalls(listing, held).catch(fail);
  return withLock(step, dataset, tag, reading, work).catch(fail);
}

/** One look, and one change; `changed` where that is to begin anew, `cannot` where zfs would not make it, `by calls` where it is no program's. */
async function tryAtOnce<Result>(
  step: Step,
  dataset: ListedDataset,
  tag: Tag,
  reading: Reading,
  decide: Decide<Result>,
  failing: () => void,
): Promise<Result | Refusal | 'changed' | 'cannot' | 'by calls'> {
  const { kept } = step;
  let wasOurs = (await kept?.takeOver(dataset, tag)) ?? false;
  let [isOurs, leave] = [wasOurs, false];
  try {
    if (wasOurs) await recordLeft(kept);
    const wasKept = wasOurs;
    const names = lockPropertyNames(tag);
    const argv = readStateArgv(dataset, [...reading.properties, ...names], reading.depth);
    const listing = parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
    const [pid, time] = names.map((name) => localValue(listing.get(dataset), name));
    const holder = parsePid(pid);
    // Also one that a program has set of which nobody heard.
    wasOurs = holder === process.pid;
    isOurs = wasOurs;
    if (!wasOurs && (wasKept || (holder !== undefined && isHolder(holder, time))))
      return refuse('lock-busy', step.hostName, holder ?? 0);
    step.interruption.check();
    const decided = await decide(listing);
    if (isRefusal(decided)) return decided;
    step.interruption.check();

    const keep = isToKeep(step);
    const taking = keep && !wasOurs;
    const releasing = !keep && pid !== undefined;
    const premises: Premise[] = [
      { holds: 'value', target: dataset, property: names[0], value: pid },
      ...decided.premises,
    ];
    const changes = [
      ...(taking ? takeChanges(dataset, tag) : []),
      ...decided.changes,
      ...(releasing ? releaseChanges(dataset, tag) : []),
    ];
    const change = () => changeAtOnce(step, dataset, premises, changes);
    leave = wasOurs;
    if (changes.length === 0 && !decided.needsLock) {
      leave = keep;
      return await decided.done({ left: [] });
    }
    if (decided.needsLock || !fitsProgram(step, premises, changes)) return 'by calls';
    // From here on it may be ours, however this ends.
    isOurs ||= taking;
    leave = false;
    // Whoever has the global lock may be about to set this one, or do without.
    const made = await (wasOurs ? change() : withGlobalLock(step, change));
    if (isRefusal(made) || made === 'cannot') {
      isOurs = wasOurs;
      leave = wasOurs && made === 'cannot';
      return made;
    }
    if ('holds' in made) {
      isOurs = wasOurs;
      leave = wasOurs;
      return 'changed';
    }
    [isOurs, leave] = [!releasing && isOurs, keep];
    return await decided.done(made);
  } catch (error) {
    leave = false;
    failing();
    throw error;
  } finally {
    if (isOurs && leave) kept?.leave(dataset, tag, () => release(step, dataset, tag));
    else if (isOurs) await release(step, dataset, tag);
  }
}
