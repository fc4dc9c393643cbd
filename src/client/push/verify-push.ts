/** Would the next `zrep sync` of a file system here succeed? Both sides are asked, by commands that only read, and judged as a sync judges them. */

import { isPushed, pushedProperty } from '../../pair/pushed.ts';
import { sideOf, sideProperties } from '../../pair/side.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { anyValue, localValue, parseListing } from '../../zfs/state.ts';
import { askClock } from '../far/ask-clock.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { judgePush, readBoth } from './judge-push.ts';
import { type Master, masterListingProperties, sayOwnObstacle } from './master.ts';
import { sayPartial } from './partial-there.ts';
import { readBased } from './read-based.ts';
import { saySplitBrain } from './split-brain.ts';

/** Undefined where it would succeed. */
export interface Doubt {
  /** It would fail; otherwise that cannot be told. */
  readonly isCertain: boolean;
  readonly why: string;
}

/** What speaks against the next sync of `dataset`; 'pulled' where no sync sends it, and its own properties say nothing against it. */
export async function verifyPush(run: Run, dataset: Dataset): Promise<Doubt | 'pulled' | undefined> {
  const { settings, step } = run;
  const { tag, hostName } = settings;
  const wanted = [...masterListingProperties(tag), ...sideProperties(step.capabilities, tag)];
  const argv = readStateArgv(dataset, [...new Set([...wanted, pushedProperty(tag)])], 1);
  const listing = parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
  const certain = (why: string): Doubt => ({ isCertain: true, why });
  const own = sayOwnObstacle(listing.get(dataset), dataset, tag, hostName);
  if (own !== undefined) return certain(own);
  if (!isPushed(sideOf(listing, dataset, tag), tag)) return 'pulled';
  try {
    return await askThere(run, (await readBased(run, listing, dataset)).master);
  } catch (error) {
    if (error instanceof Failure) return certain(error.message);
    throw error;
  }
}

async function askThere(run: Run, master: Master): Promise<Doubt | undefined> {
  const { settings } = run;
  const certain = (why: string): Doubt => ({ isCertain: true, why });
  const both = await readBoth(run, master);
  if (!('unseen' in both)) await askClock(run.far(master.host));
  if ('unseen' in both) return { isCertain: both.isCertain, why: both.unseen };
  if (localValue(both.copy.properties, `${settings.tag}:master`) === 'yes')
    return certain(saySplitBrain(master));
  const judged = judgePush(run, master, both);
  const isPartial = anyValue(both.copy.properties, 'receive_resume_token') !== undefined;
  if (isPartial && !settings.resume) return certain(sayPartial(zrepAgain(settings), master.dataset));
  return 'obstacle' in judged ? certain(judged.sentence) : undefined;
}
