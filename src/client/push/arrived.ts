/**
 * Has the other side a snapshot that nobody marked? By GUID, since names and exit codes prove nothing: a push that ended badly on
 * the way back, or a zrep that was killed between the stream and the marks, leaves such ones; and after a failure stock (and this
 * zrep) calls a snapshot ..._unsent, which the other side then has without that.
 */

import { sentTime } from '../../replication/sent-time.ts';
import { fullName, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv, renameSnapshotArgv } from '../../zfs/argv.ts';
import { parseDataset } from '../../zfs/names.ts';
import { anyValue, type Listing, parseListing } from '../../zfs/state.ts';
import { NO_CONNECTION } from '../far/answer.ts';
import { askAgain } from '../far/ask-again.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { guidsCommand, snapshotCommand } from '../far/push-commands.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { type Arrival, LARGEST, parseGuids, readArrival, readListed } from './arrival.ts';
import { markPushed } from './marks.ts';
import { type Course, type Master, unsentOf } from './master.ts';

const UNSENT = /_unsent$/;

/**
 * `master` as it is when what had come to the other side unmarked is marked; of several the newest.
 *
 * @throws Parted where the other side has another snapshot of a name.
 */
export async function markArrived(run: Run, far: FarSide, master: Master): Promise<Master> {
  const found = await findArrived(run, far, master, unsentOf(master));
  if (found === undefined) return master;
  const snapshot = await nameAsThere(run, found);
  await markPushed(run, far, master, snapshot.name, sentTime(master.snapshots));
  run.report.warn(
    `${fullName(snapshot)} had come to ${far.host.name} before; now both sides have it marked as sent`,
  );
  run.report.event('completed-late', { snapshot: fullName(snapshot) });
  const snapshots = master.snapshots.map((one) => (one.guid === snapshot.guid ? snapshot : one));
  return { ...master, snapshots, base: snapshot };
}

/** Both sides have a snapshot of one name, and they are two. */
export class Parted extends Failure {}

/** A snapshot of ours, and what it is called there. */
export interface Arrived {
  readonly snapshot: TaggedSnapshot;
  readonly name: string;
}

/** The first of `candidates` that the other side has whole; undefined where it has none, or does not say. */
export async function findArrived(
  run: Run,
  far: FarSide,
  course: Course,
  candidates: readonly TaggedSnapshot[],
): Promise<Arrived | undefined> {
  const { destination } = course;
  const names = candidates.slice(0, LARGEST / 2).flatMap(({ name }) => namesThere(name));
  const guids = await guidsThere(
    far,
    [...new Set(names)].map((name) => `${destination}@${name}`),
  );
  for (const snapshot of candidates) {
    const name = nameThere(run, far, course, guids, snapshot);
    if (name === undefined) continue;
    const arrived = { snapshot, name };
    if (!run.settings.recursive || (await allThere(run, far, course, arrived))) return arrived;
  }
  return undefined;
}

/**
 * Asks the other side once, in one command for up to a hundred names, what it has of all `candidates`. The answer tells of each whether
 * it is there, with -R in all of the tree; it throws Parted where another one has its name.
 */
export async function askArrived(
  run: Run,
  far: FarSide,
  course: Course,
  candidates: readonly TaggedSnapshot[],
): Promise<(candidate: TaggedSnapshot) => Arrived | undefined> {
  const own = await readTree(run, course.dataset);
  const wantedOf = (snapshot: TaggedSnapshot, name: string) => wantedIn(own, course, { snapshot, name });
  const names = candidates.flatMap((one) =>
    namesThere(one.name).flatMap((name) => [...wantedOf(one, name).keys()]),
  );
  const guids = await guidsThere(far, [...new Set(names)]);
  return (snapshot) => {
    const name = nameThere(run, far, course, guids, snapshot);
    const isWhole = ([one, guid]: readonly [string, string]) => guids.get(one) === guid;
    return name !== undefined && [...wantedOf(snapshot, name)].every(isWhole)
      ? { snapshot, name }
      : undefined;
  };
}

/** What `snapshot` is called there, as `guids` tell; undefined where it is not. @throws Parted. */
function nameThere(
  { settings }: Run,
  far: FarSide,
  { dataset, destination }: Course,
  guids: ReadonlyMap<string, string>,
  snapshot: TaggedSnapshot,
): string | undefined {
  const names = namesThere(snapshot.name);
  const name = names.find((one) => guids.get(`${destination}@${one}`) === snapshot.guid);
  if (name === undefined && names.some((one) => guids.has(`${destination}@${one}`)))
    throw new Parted(
      `${fullName(snapshot)} here and ${destination}@${names[0]} on ${far.host.name} are different snapshots of one name: the two sides have parted (split brain). Find out which one is right; ${zrepAgain(settings)} sync ${dataset}@SNAPSHOT rolls the other side back to a common one`,
    );
  return name;
}

/** The name that the other side may have it under: without what a failure here put behind it, and with it. */
function namesThere(name: string): string[] {
  return UNSENT.test(name) ? [name.replace(UNSENT, ''), name] : [name];
}

/**
 * What speaks against `snapshot`, whose stream has just ended well, having come: nothing where the other side has it, and with -R
 * every child of it; or where it refuses to be asked in either way, which is told. One command for up to a hundred file systems.
 *
 * @throws Failure where there is no answer, so that it may have come.
 */
export async function checkArrival(
  run: Run,
  far: FarSide,
  course: Pick<Course, 'dataset' | 'destination'>,
  snapshot: Pick<TaggedSnapshot, 'dataset' | 'name' | 'guid'>,
): Promise<readonly string[]> {
  const { host } = far;
  const wanted = [...(await wantedThere(run, course, { snapshot, name: snapshot.name }))];
  for (let at = 0; at < wanted.length; at += LARGEST) {
    const { arrival, command } = await askArrival(far, new Map(wanted.slice(at, at + LARGEST)));
    switch (arrival) {
      case 'there':
        continue;
      case 'refused':
        tellUnproven(run, far, snapshot, command);
        return [];
      case 'missing':
        return [`the receiving command on ${host.name} ended with 0, but the snapshot is not there`];
      case 'another':
        return [`${host.name}:${course.destination} has another snapshot of that name`];
      case 'silent':
        throw new Failure(
          `${fullName(snapshot)} was streamed, but nothing shows that ${host.name} has it, so it is not marked as sent. This command prints nothing there and ends with 0; let it print, or refuse it with another code: ${command}`,
        );
      case 'no-answer':
        throw new Failure(
          `${fullName(snapshot)} was streamed, but ${host.name} could not be asked whether it has it, so it is not marked as sent; the next run asks again`,
        );
    }
  }
  return [];
}

/** The GUIDs, or, of a host that lets stock's commands through alone, the names; with the command that was asked last. */
async function askArrival(
  far: FarSide,
  wanted: ReadonlyMap<string, string>,
): Promise<{ readonly arrival: Arrival; readonly command: string }> {
  const names = [...wanted.keys()];
  const [byGuid, byName] = [guidsCommand(names), snapshotCommand(names.join(' '))];
  const arrival = readArrival(await askAgain(far, byGuid), wanted);
  if (arrival !== 'refused') return { arrival, command: byGuid };
  return { arrival: readListed(await askAgain(far, byName), names), command: byName };
}

/** Hosts of this run of which it was told. */
const UNPROVEN = new WeakSet<FarSide>();

/** Once a run: a host that answers neither question is believed by exit codes alone, as by stock. */
function tellUnproven(
  { report }: Run,
  far: FarSide,
  snapshot: Pick<TaggedSnapshot, 'dataset' | 'name'>,
  command: string,
): void {
  report.event('unproven', { dataset: snapshot.dataset, snapshot: fullName(snapshot) });
  if (UNPROVEN.has(far)) return;
  UNPROVEN.add(far);
  report.warn(
    `WARNING: that ${far.host.name} has ${fullName(snapshot)} is not verified, it is marked as sent by exit codes alone: the host refuses to be asked. Allow there: ${command}`,
  );
}

/** A recursive stream brings the root first: each child must have come, too. */
async function allThere(run: Run, far: FarSide, course: Course, arrived: Arrived): Promise<boolean> {
  const wanted = await wantedThere(run, course, arrived);
  const guids = await guidsThere(far, [...wanted.keys()]);
  return [...wanted].every(([there, guid]) => guids.get(there) === guid);
}

/**
 * What the other side has of a snapshot when all of it has come: names in full, each with its GUID. A name with blanks is left out:
 * the command would read it as several.
 */
async function wantedThere(
  run: Run,
  course: Pick<Course, 'dataset' | 'destination'>,
  wanted: Wanted,
): Promise<ReadonlyMap<string, string>> {
  return wantedIn(await readTree(run, course.dataset), course, wanted);
}

/** With -R all that is here; otherwise nothing, and so where zfs send was told to leave something out, of which nothing comes. */
async function readTree({ settings, step }: Run, dataset: string): Promise<Listing> {
  if (!settings.recursive || settings.sendFlags.some((flag) => /^(?:-X|--exclude)/.test(flag)))
    return new Map();
  const state = await step.zfs.ask(readStateArgv(dataset, ['guid'], Number.POSITIVE_INFINITY));
  return parseListing(mustSucceed(state, dataset).output);
}

interface Wanted {
  readonly snapshot: Pick<TaggedSnapshot, 'name' | 'guid'>;
  /** What it is called there. */
  readonly name: string;
}

function wantedIn(
  tree: Listing,
  { dataset, destination }: Pick<Course, 'dataset' | 'destination'>,
  { snapshot, name }: Wanted,
): ReadonlyMap<string, string> {
  const root = new Map([[`${destination}@${name}`, snapshot.guid]]);
  const children = [...tree].flatMap(([one, own]) => {
    const [from = '', behind] = one.split('@');
    const there = `${destination}${from.slice(dataset.length)}@${name}`;
    return behind === snapshot.name && parseDataset(from) !== undefined
      ? [[there, anyValue(own, 'guid') ?? ''] as const]
      : [];
  });
  return new Map([...root, ...children]);
}

/** Of those of `snapshots` that are there, the GUIDs. A host that does not let itself be asked this has none of them. */
async function guidsThere(far: FarSide, snapshots: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let at = 0; at < snapshots.length; at += LARGEST) {
    const { output, code, message } = await far.ask(guidsCommand(snapshots.slice(at, at + LARGEST)));
    if (code === NO_CONNECTION)
      throw new Failure(`${far.host.name} cannot be asked: ${farLines(message).join('; ')}`);
    for (const [name, guid] of parseGuids(output)) found.set(name, guid);
  }
  return found;
}

/** The snapshot, called here what it is called there. */
export async function nameAsThere(
  { settings, step }: Run,
  { snapshot, name }: Arrived,
): Promise<TaggedSnapshot> {
  if (name === snapshot.name) return snapshot;
  const argv = renameSnapshotArgv(fullName(snapshot), name, settings.recursive);
  mustSucceed(await step.zfs.ask(argv), snapshot.dataset);
  return { ...snapshot, name };
}
