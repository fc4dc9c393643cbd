/**
 * Looks at pairs: this host's file systems in two calls of zfs for all of them, and the other side by `zfs get` in the forms
 * that a gate may grant (docs/policy.md, "What can be read"), two calls a pair over the host's one connection.
 */

import { isAlive } from '../../process/liveness.ts';
import { succeeded } from '../../process/pipeline.ts';
import { lockPropertyNames } from '../../replication/lock.ts';
import { parseLockTime } from '../../replication/lock-time.ts';
import { type Role, roleOf } from '../../replication/role.ts';
import { mustSucceed } from '../../replication/step.ts';
import { allPropertiesArgv, readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, type Properties, parseListing } from '../../zfs/state.ts';
import { childrenOf } from '../copy/destination.ts';
import { type Answer, MOST_OF_LISTING } from '../far/answer.ts';
import { reasonOf } from '../far/ssh-failure.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { byHand } from './finding.ts';
import {
  byDataset,
  fileSystemProperties,
  type Lock,
  merged,
  type Peer,
  parseFar,
  peerOf,
  type Scene,
  sideOf,
  snapshotProperties,
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
  const { settings, step } = run;
  const own = new Map<string, Listing>();
  for (let from = 0; from < datasets.length; from += NAMES) {
    const [first = '', ...more] = datasets.slice(from, from + NAMES);
    const argv = [...readStateArgv(first, snapshotProperties(settings.tag), 1), ...more];
    const read = parseListing(mustSucceed(await step.zfs.ask(argv), first).output);
    const found = byDataset(read);
    for (const dataset of [first, ...more]) {
      const state = new Map([[dataset, world.listing.get(dataset) ?? new Map()]]);
      own.set(dataset, merged(state, found.get(dataset) ?? new Map()));
    }
  }
  return { ...world, own };
}

/** The same with `dataset` as it is by now, and with what lies right below it. */
export async function lookAgain(run: Run, world: World, dataset: Dataset): Promise<World> {
  const { settings, step } = run;
  const own = fileSystemProperties(step.capabilities, settings.tag);
  const properties = [...new Set([...own, ...snapshotProperties(settings.tag)])];
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
  return {
    ...{ tag, hostName, saveCount, now: Math.floor(Date.now() / 1000), dataset, role, here, peer },
    there: there ?? (peer === undefined ? { unasked: true } : await lookThere(run, peer, role)),
    lock: lockOf(run, here.properties),
    tokensBelow: tokensBelow(listing, dataset),
    sharingMountpoint: (mountpoints.get(mountpoint ?? '') ?? []).filter((name) => name !== dataset),
    believesReadonly: step.capabilities.has('stalls'),
  };
}

function lockOf({ settings }: Run, own: Properties): Lock {
  const [pidProperty, timeProperty] = lockPropertyNames(settings.tag);
  const pid = localValue(own, pidProperty);
  if (pid === undefined || pid === String(process.pid)) return { state: 'free' };
  const alive =
    /^[1-9][0-9]{0,9}$/.test(pid) && isAlive(Number(pid), parseLockTime(localValue(own, timeProperty)));
  return { state: alive ? 'held' : 'stale', pid };
}

function tokensBelow(listing: Listing, dataset: string): Map<string, string> {
  return new Map(
    childrenOf(listing, dataset).flatMap((child) => {
      const token = anyValue(listing.get(child), 'receive_resume_token');
      return token === undefined ? [] : [[child, token] as const];
    }),
  );
}

/** The other side, of which the one here is `role`. */
async function lookThere(run: Run, { host, dataset }: Peer, role: Role): Promise<There> {
  const { tag } = run.settings;
  const names = ['master', 'src-host', 'src-fs', 'dest-host', 'dest-fs', 'savecount', 'lastsent'];
  const properties = names.map((name) => `${tag}:${name}`).join(',');
  const far = run.far(host);
  const get = (words: string) => far.ask(`zfs get -Hp ${words} ${dataset}`, MOST_OF_LISTING);
  try {
    const local = await get(`-s local -o name,property,value ${properties}`);
    if (!succeeded(local)) return unseen(host.name, dataset, local);
    const wanted = ['guid', 'createtxg', 'creation', `${tag}:sent`].join(',');
    const form = `-s local,none -o name,property,value ${wanted}`;
    let snapshots = await get(`-r -d 1 -t snapshot ${form}`);
    // zfs-fuse does not know -t; a gate lets a whole subtree's grant do without.
    if (!succeeded(snapshots) && !refusedByGate(snapshots)) snapshots = await get(`-r -d 1 ${form}`);
    if (!succeeded(snapshots)) return unseen(host.name, dataset, snapshots);
    // What the copy has by a stream is its own as well.
    const received =
      role === 'source' ? await get(`-s received -o name,property,value ${properties}`) : undefined;
    // Only where zfs here knows of encryption.
    const key =
      role === 'copy' && run.step.capabilities.has('excludes')
        ? await get('-o name,property,value keystatus')
        : undefined;
    const listing = merged(
      parseFar(key && succeeded(key) ? key.output : '', 'local'),
      parseFar(received && succeeded(received) ? received.output : '', 'received'),
      parseFar(snapshots.output, 'local'),
      parseFar(local.output, 'local'),
    );
    return { side: sideOf(listing, dataset, tag) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return {
      unseen: error.message.replace(/\.$/, ''),
      mend: byHand('Make it reachable, and look again; or look there:', ['zrep doctor'], host.name),
    };
  }
}

function refusedByGate({ message }: Answer): string | undefined {
  return /refused \(([a-z-]+)\)/.exec(message)?.[1];
}

function unseen(host: string, dataset: string, answer: Answer): There {
  const refused = refusedByGate(answer);
  const said = reasonOf(answer);
  if (refused === 'names-other-datasets')
    return {
      unseen: `the zfs on ${host} lists snapshots only with what is below, and this client may not read that`,
      mend: byHand(`In the grant for ${dataset} in its policy:`, ['subtree = true'], host),
    };
  if (refused === 'operation-not-granted' || refused === 'property-not-readable')
    return {
      unseen: `${host} does not let this client read ${dataset}`,
      mend: byHand(
        `In the grant for ${dataset} in its policy, put "read" among the operations:`,
        ['operations = ["pull", "expire", "read"]'],
        host,
      ),
    };
  const gone = refused === 'not-granted' || answer.message.includes('does not exist');
  if (gone)
    return {
      unseen: `${host} says that ${dataset} is not there, or not for us`,
      mend: byHand(
        'See whether it is there, by that name, and granted to this client:',
        [`zfs list ${dataset}`],
        host,
      ),
    };
  return {
    unseen: `${host} did not answer zfs get: ${said || `it ended with ${answer.signal ?? answer.code}`}`,
    mend: byHand('See what it says to this, from here:', [`ssh ${host} zfs get -Hp guid ${dataset}`]),
  };
}
