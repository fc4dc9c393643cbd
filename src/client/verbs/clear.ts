/**
 * `zrep clear`: ends a pair on this side. Its snapshots of the tag go, its own bookmarks, and the properties of the tag.
 *
 * Otherwise than stock: only zrep's own names (stock takes zrep_before-upgrade for one, by its first two letters), below
 * only of file systems without a configuration of their own, and not while another zrep is at work.
 */

import { inOneLine } from '../../printable.ts';
import { type OwnBookmark, ownBookmarks } from '../../replication/bookmarks.ts';
import { destroyAll } from '../../replication/destroy.ts';
import { destroyBookmarks } from '../../replication/keep-base.ts';
import { lockPropertyNames } from '../../replication/lock.ts';
import {
  fullName,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { inheritArgv, readPropertiesArgv } from '../../zfs/argv.ts';
import { type Dataset, isBelow, type Tag } from '../../zfs/names.ts';
import { type Listing, type Properties, parseListing } from '../../zfs/state.ts';
import { forget } from '../copies/survey.ts';
import { childrenOf } from '../copy/destination.ts';
import { withRoleLock } from '../roles/role-lock.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { ClearCommand } from '../words/config-words.ts';
import type { Settings } from '../words/settings.ts';

/** Carries `command` out; the answer is the exit code. */
export function clear(settings: Settings, command: ClearCommand): Promise<number> {
  return inRun(settings, false, (run) => clearOne(run, command));
}

/** The same in a run that is there. @throws Failure, too. */
export async function clearOne(run: Run, { dataset }: ClearCommand): Promise<number> {
  const { settings, report } = run;
  const { tag } = settings;
  const reading = {
    properties: [...SNAPSHOT_PROPERTIES, `${tag}:src-fs`],
    depth: Number.POSITIVE_INFINITY,
  };
  return withRoleLock(run, dataset, reading, async (listing) => {
    const snapshots = snapshotsToClear(listing, dataset, tag);
    const bookmarks = ownBookmarks(listing, dataset, tag);
    const properties = await ownProperties(run, dataset);
    report.line(`WARNING: Removing all zrep configs and snapshots from ${dataset}`);
    report.line(` (for TAG=${tag})`);
    await confirm(run, {
      heading: 'These would go; the data stay:',
      losses: [
        ...snapshots.map(fullName),
        ...bookmarks.map(({ name }) => `${dataset}#${name}`),
        ...properties.map((name) => `${name} of ${dataset}`),
      ],
      command: `zrep ${tag === 'zrep' ? '' : `-t ${tag} `}clear -f ${dataset}`,
    });
    await carryOut(run, dataset, { snapshots, bookmarks, properties });
    await forget(run, dataset);
    return 0;
  });
}

interface Going {
  readonly snapshots: readonly TaggedSnapshot[];
  readonly bookmarks: readonly OwnBookmark[];
  /** Their names. */
  readonly properties: readonly string[];
}

async function carryOut(
  { step, report }: Run,
  dataset: Dataset,
  { snapshots, bookmarks, properties }: Going,
): Promise<void> {
  report.line(`Destroying any zrep-related snapshots from ${dataset}`);
  await destroyAll(step, dataset, snapshots);
  const { refused } = await destroyBookmarks(step, bookmarks);
  if (refused !== undefined)
    throw new Failure(`${dataset}: a bookmark is still there; ${inOneLine(refused)}`);
  report.line(`Removing zrep-related properties from ${dataset}`);
  for (const name of properties) mustSucceed(await step.zfs.ask(inheritArgv(dataset, name)), dataset);
}

/** Those of the tag, below first: of the same names, in file systems that are not of a pair of their own. Pure. */
function snapshotsToClear(listing: Listing, dataset: Dataset, tag: Tag): TaggedSnapshot[] {
  const own = taggedSnapshots(listing, dataset, tag);
  const names = new Set(own.map(({ name }) => name));
  const below = childrenOf(listing, dataset);
  const others = below.filter((child) => isSet(listing.get(child), `${tag}:src-fs`));
  const along = below
    .filter((child) => !others.some((one) => child === one || isBelow(child, one)))
    .flatMap((child) => taggedSnapshots(listing, child, tag))
    .filter(({ name }) => names.has(name));
  return [...along, ...own];
}

/** Set here, or brought by a stream, which is for zfs inherit the same. The lock's go with the lock. */
async function ownProperties({ settings, step }: Run, dataset: Dataset): Promise<string[]> {
  const { tag } = settings;
  const all = mustSucceed(await step.zfs.ask(readPropertiesArgv([dataset], ['all'])), dataset);
  const own = parseListing(all.output).get(dataset);
  const lock: readonly string[] = lockPropertyNames(tag);
  return [...(own?.keys() ?? [])].filter(
    (name) => name.startsWith(`${tag}:`) && !lock.includes(name) && isSet(own, name),
  );
}

function isSet(own: Properties | undefined, name: string): boolean {
  return ['local', 'received'].includes(own?.get(name)?.source ?? '');
}
