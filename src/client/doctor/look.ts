/**
 * Looks at pairs: this host's file systems in two calls of zfs for all of them, and the other side by `zfs get` in the forms
 * that a gate may grant (docs/policy.md, "What can be read"), two calls a pair over the host's one connection.
 */

import { isPushed } from '../../pair/pushed.ts';
import { sideOf, sideProperties, snapshotProperties } from '../../pair/side.ts';
import { belowOf, type Tree } from '../../pair/tree.ts';
import { isHolder } from '../../replication/holder.ts';
import { lockPropertyNames } from '../../replication/lock.ts';
import { type Role, roleOf } from '../../replication/role.ts';
import { mustSucceed } from '../../replication/step.ts';
import { STREAMED } from '../../replication/streamed.ts';
import { allPropertiesArgv, apart, readStateArgv } from '../../zfs/argv.ts';
import { type Dataset, isBelow, type Tag } from '../../zfs/names.ts';
import {
  anyValue,
  type Listing,
  localValue,
  ownValue,
  type Properties,
  parseListing,
} from '../../zfs/state.ts';
import { isRecursive } from '../copy/came-along.ts';
import { childrenOf } from '../copy/destination.ts';
import { depthOf } from '../copy/judge-pull.ts';
import { askClock } from '../far/ask-clock.ts';
import { merged, readTheirSide } from '../far/their-side.ts';
import { withoutExcluded } from '../push/tree-losses.ts';
import type { Run } from '../run/run.ts';
import { byHand } from './finding.ts';
import {
  byDataset,
  fileSystemProperties,
  type Lock,
  type Peer,
  peerOf,
  type Scene,
  type There,
  type World,
} from './scene.ts';

/** As many names as fit well into an argv. */
const NAMES = 200;

/** Every file system here, with what zrep goes by. */
export async function lookAtWorld({ settings, step }: Run): Promise<World> {
  const properties = fileSystemProperties(step.capabilities, settings.tag);
  const all = await step.zfs.ask(allPropertiesArgv(step.capabilities, properties));
  const listing = parseListing(mustSucceed(all, 'all').output);
  const mountpoints = new Map<string, string[]>();
  for (const [name, own] of listing) {
    const mountpoint = anyValue(own, 'mountpoint');
    if (name.includes('@') || !mountpoint?.startsWith('/') || !mountable(own)) continue;
    mountpoints.set(mountpoint, [...(mountpoints.get(mountpoint) ?? []), name]);
  }
  return { listing, mountpoints, own: new Map() };
}

function mountable(own: Properties): boolean {
  return anyValue(own, 'canmount') === 'on' || anyValue(own, 'mounted') === 'yes';
}

/** The same with the snapshots of `datasets`. */
export async function withSnapshots(run: Run, world: World, datasets: readonly Dataset[]): Promise<World> {
  const { step } = run;
  const own = new Map<string, Listing>();
  const groups = apart(datasets).flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / NAMES) }, (_, index) =>
      group.slice(index * NAMES, (index + 1) * NAMES),
    ),
  );
  for (const [first = '', ...more] of groups) {
    const argv = [...readStateArgv(first, propertiesOfSnapshots(run), 1), ...more];
    const read = parseListing(mustSucceed(await step.zfs.ask(argv), first).output);
    const found = byDataset(read);
    for (const dataset of [first, ...more]) {
      const state = new Map([[dataset, world.listing.get(dataset) ?? new Map()]]);
      own.set(dataset, merged(state, found.get(dataset) ?? new Map()));
    }
  }
  return { ...world, own };
}

function propertiesOfSnapshots({ settings, step }: Run): string[] {
  return [...snapshotProperties(step.capabilities, settings.tag), STREAMED];
}

/** The same with `dataset` as it is by now, and with what lies right below it. */
export async function lookAgain(run: Run, world: World, dataset: Dataset): Promise<World> {
  const { settings, step } = run;
  const own = fileSystemProperties(step.capabilities, settings.tag);
  const properties = [...new Set([...own, ...propertiesOfSnapshots(run)])];
  const state = mustSucceed(await step.zfs.ask(readStateArgv(dataset, properties, 1)), dataset);
  const read = parseListing(state.output);
  const fileSystems = [...read].filter(([name]) => !name.includes('@'));
  return {
    ...world,
    listing: new Map([...world.listing, ...fileSystems]),
    own: new Map([...world.own, [dataset, byDataset(read).get(dataset) ?? new Map()]]),
  };
}

/** The pair of `dataset`; `there`, where it was seen before, is not asked again. */
export async function lookAtPair(run: Run, world: World, dataset: Dataset, there?: There): Promise<Scene> {
  const { settings, step } = run;
  const { tag, hostName, saveCount } = settings;
  const { listing, mountpoints, own } = world;
  const here = sideOf(own.get(dataset) ?? new Map(), dataset, tag);
  const role = roleOf(here.properties, dataset, tag, hostName);
  const peer = peerOf(here.properties, role, tag, hostName);
  const mountpoint = anyValue(here.properties, 'mountpoint');
  const isTree = settings.recursive && role !== 'unclear' && peer !== undefined;
  return {
    ...{ tag, hostName, saveCount, now: Math.floor(Date.now() / 1000), dataset, role, here, peer },
    there: there ?? (peer === undefined ? { unasked: true } : await lookThere(run, peer, role, isTree)),
    recursive: await isRecursive(run, dataset, childrenOf(listing, dataset), here.tagged),
    ...(isTree && { below: await readBelow(run, dataset, role === 'source' && isPushed(here, tag)) }),
    lock: lockOf(run, here.properties),
    tokensBelow: tokensBelow(listing, dataset, tag),
    sharingMountpoint: (mountpoints.get(mountpoint ?? '') ?? []).filter((name) => name !== dataset),
    hasNamesake: listing.has(ownValue(here.properties, `${tag}:dest-fs`) ?? ''),
    believesReadonly: step.capabilities.has('stalls'),
  };
}

function lockOf({ settings }: Run, own: Properties): Lock {
  const [pidProperty, timeProperty] = lockPropertyNames(settings.tag);
  const pid = localValue(own, pidProperty);
  if (pid === undefined || pid === String(process.pid)) return { state: 'free' };
  const alive = /^[1-9][0-9]{0,9}$/.test(pid) && isHolder(Number(pid), localValue(own, timeProperty));
  return { state: alive ? 'held' : 'stale', pid };
}

/** But for those of pairs of their own. */
function tokensBelow(listing: Listing, dataset: string, tag: Tag): Map<string, string> {
  const below = childrenOf(listing, dataset);
  const pairs = below.filter((child) => ownValue(listing.get(child), `${tag}:src-fs`) !== undefined);
  const isOthers = (child: string) => pairs.some((pair) => child === pair || isBelow(child, pair));
  return new Map(
    below.flatMap((child) => {
      if (isOthers(child)) return [];
      const token = anyValue(listing.get(child), 'receive_resume_token');
      return token === undefined ? [] : [[child, token] as const];
    }),
  );
}

/** What is below `dataset`; of a source that is pushed without what zfs send leaves out. */
async function readBelow(run: Run, dataset: Dataset, pushed: boolean): Promise<Tree['below']> {
  const { settings, step } = run;
  const argv = readStateArgv(dataset, sideProperties(step.capabilities, settings.tag), depthOf(run));
  const listing = parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
  const sent = pushed ? withoutExcluded(listing, settings.sendFlags) : listing;
  return belowOf(sent, dataset, settings.tag);
}

/** The other side, of which the one here is `role`; with -R, with what is below where that is judged. */
async function lookThere(run: Run, { host, dataset }: Peer, role: Role, isTree: boolean): Promise<There> {
  const found = await readTheirSide(run, host, dataset, role, isTree ? depthOf(run) : 1);
  if ('side' in found) {
    // A source's host tells it with its session.
    if (role === 'source') await askClock(run.far(host));
    const { said } = found;
    // Of a name that zrep cannot use nothing is known, so that the whole tree cannot be judged.
    if (!isTree || said === undefined || said.unread.length > 0) return found;
    return { ...found, below: belowOf(said.listing, dataset, run.settings.tag) };
  }
  const { what, lines, on } = found.mend;
  return { unseen: found.unseen, mend: byHand(what, lines, on) };
}
