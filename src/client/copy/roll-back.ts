/**
 * `zrep refresh -f`: changes of the copy are given up. Both sides are looked at and a person is asked first; the copy itself
 * is rolled back only when the stream has begun, and says that it goes on from that very snapshot.
 */

import { readSnapshots } from '../../expire/read-zfs.ts';
import { fullName } from '../../expire/snapshot.ts';
import { type Base, baseOf } from '../../pair/common.ts';
import { inSentence, tell } from '../../pair/obstacle.ts';
import { wayFrom } from '../../pair/plan.ts';
import { type Side, type Snapshot, sideOf } from '../../pair/side.ts';
import { baseOfTree } from '../../pair/tree.ts';
import { destroyAll } from '../../replication/destroy.ts';
import { destroyBookmarks } from '../../replication/keep-base.ts';
import { mustSucceed } from '../../replication/step.ts';
import { plainRollbackArgv, readTreeArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import { parseListing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { readTheirSide, type TheirSide } from '../far/their-side.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain, zrepFor } from '../words/again.ts';
import type { Destination } from './destination.ts';
import { basesOf, type Head } from './judge-head.ts';
import { depthOf } from './judge-pull.ts';
import type { From } from './pull.ts';
import { chooseUnseen, planProperties, planRollback, type Read, type RollbackPlan } from './rollback-plan.ts';

/** What was planned, and agreed to. */
export interface RollBack {
  /** The copy's own snapshot. */
  readonly base: Pick<Snapshot, 'name' | 'guid'>;
  /** Where the source is told to begin, since it would not begin with that by itself. */
  readonly from: From | undefined;
  readonly plan: RollbackPlan;
  /** The source was seen to have it. */
  readonly isCommon: boolean;
}

/**
 * Looks at both sides and asks; nothing is changed. `yes` is the word that lets snapshots go where nobody is at a terminal.
 *
 * @throws Failure where the other side does not answer, the way back is not certain, something must stay, or nobody agrees.
 */
export async function agreeToRollBack(
  run: Run,
  far: FarSide,
  destination: Destination,
  yes: boolean,
): Promise<RollBack> {
  const { settings } = run;
  const { dataset, source } = destination;
  const theirs = await readTheirSide(run, far.host, source, 'copy', depthOf(run));
  if ('unseen' in theirs && !theirs.isReached)
    throw new Failure(`${theirs.unseen}, so nothing was changed here`);
  const reads = await readHere(run, dataset);
  const own = sideOf(reads[0]?.reading.listing ?? new Map(), dataset, settings.tag);
  const common = 'side' in theirs ? commonBase(run, destination, own, reads, theirs) : undefined;
  const base = 'side' in theirs ? common?.ofCopy : chooseUnseen(own);
  if (base === undefined) throw noBase(run, destination, theirs, far.host.name);
  const isCommon = 'side' in theirs;
  const plan = planRollback(reads, settings.tag, base.name, isCommon, inTreeOf(theirs));
  if (plan.kept.length > 0)
    throw new Failure(
      `${dataset} is not rolled back to @${base.name}, and nothing was changed, because other streams or people need: ${plan.kept.join('; ')}. ${seeDoctor(run, dataset)}`,
    );
  const which = settings.recursive
    ? 'with which a stream of the whole tree can begin'
    : 'the newest common snapshot';
  await confirm(run, {
    heading: `zrep refresh -f rolls ${dataset} back to @${base.name}, ${which}. It destroys:`,
    losses: [...plan.snapshots, ...plan.changes],
    command: `${zrepAgain(settings)} refresh -f ${plan.losesLastSent ? '' : '--yes '}${dataset}`,
    agreed: yes && !plan.losesLastSent,
    wantsTerminal: plan.losesLastSent,
    unattended: plan.snapshots.length === 0,
    toldAnyway: true,
  });
  return { base, isCommon, from: fromOf(settings.tag, common, theirs), plan };
}

/**
 * The snapshot that both sides have, with which the stream can begin; with -R everywhere in the tree.
 *
 * @throws Failure where something below is in the way that no rollback removes.
 */
function commonBase(
  { settings }: Pick<Run, 'settings'>,
  { dataset, source, host }: Destination,
  copy: Side,
  reads: readonly Read[],
  { side, below }: Extract<TheirSide, { side: Side }>,
): Base | undefined {
  if (!settings.recursive || below === undefined) return baseOf({ source: side, copy });
  const { tag } = settings;
  const parts = reads.slice(1).map(({ reading }): [string, Side] => {
    const one = reading.dataset;
    return [one.slice(dataset.length), sideOf(reading.listing, one, tag)];
  });
  const found = baseOfTree({
    ...{ tag, all: tag === 'zrep', isRefused: false },
    source: { top: side, below },
    copy: { top: copy, below: new Map(parts) },
    isPulled: true,
  });
  const [first, ...others] = (found?.below ?? []).filter(({ hasBase }) => hasBase !== true);
  if (found === undefined || first === undefined) return found?.base;
  const obstacle = { obstacle: 'blocked-below', base: found.base, below: [first, ...others] } as const;
  const names = { zrep: zrepAgain(settings), copy: dataset, source, host: host.name };
  throw new Failure(`nothing was changed: ${inSentence(tell(obstacle, names))}`);
}

/** Whether a snapshot is on the source, in whichever file system of the tree; where that was not seen, each is taken for one. */
function inTreeOf(theirs: TheirSide): (guid: string) => boolean {
  if (!('side' in theirs) || theirs.below === undefined) return () => true;
  const all = [theirs.side, ...theirs.below.values()].flatMap(({ snapshots }) => snapshots);
  const guids = new Set(all.map(({ guid }) => guid));
  return (guid) => guids.has(guid);
}

/** Where the source has another snapshot marked, or none. */
function fromOf(tag: Tag, base: Base | undefined, theirs: TheirSide): From | undefined {
  if (!('side' in theirs)) return undefined;
  const way = base && wayFrom(base, { tag, source: theirs.side });
  return way?.isTold ? { base: way.base, isGate: theirs.isGate } : undefined;
}

function noBase(run: Run, { dataset }: Destination, theirs: TheirSide, host: string): Failure {
  const why =
    'side' in theirs
      ? `${host} has none of its snapshots`
      : `it has no snapshot of the tag ${run.settings.tag}`;
  return new Failure(
    `${dataset} cannot be rolled back to a common snapshot: ${why}. Nothing was changed. ${seeDoctor(run, dataset)}`,
  );
}

function seeDoctor({ settings: { tag } }: Run, dataset: string): string {
  return `To see what both sides have: ${zrepFor(tag)} doctor ${dataset}`;
}

/** The copy, and with -R what is below it; the copy itself comes first. */
async function readHere({ settings, step }: Run, dataset: string): Promise<Read[]> {
  const options = { otherTags: true, more: planProperties(step.capabilities) };
  const datasets = settings.recursive ? await treeOf(step, dataset) : [dataset];
  const reads: Read[] = [];
  for (const one of datasets) reads.push(await readSnapshots(step, one, [settings.tag], options));
  return reads;
}

async function treeOf(step: Run['step'], dataset: string): Promise<string[]> {
  const { output } = mustSucceed(await step.zfs.ask(readTreeArgv(dataset, ['type'])), dataset);
  return [...parseListing(output).keys()];
}

/**
 * Rolls the copy back, now that the stream has begun. Snapshots go by their names, and zfs itself refuses where one more is newer.
 *
 * @throws Failure where the stream goes on from another snapshot, or something has come along that nobody agreed to.
 */
export async function rollBack(
  run: Run,
  { dataset, source, host }: Destination,
  { base, plan, isCommon }: RollBack,
  head: Head,
): Promise<void> {
  const { settings, step, report } = run;
  const bases = basesOf(head, source);
  // By GUID, as zfs receive goes: a file system below can have another name there.
  const begun = new Set(bases.values());
  const now = planRollback(await readHere(run, dataset), settings.tag, base.name, isCommon, (guid) =>
    begun.has(guid),
  );
  for (const { dataset: one, base } of now.ways) {
    const guid = one === dataset ? bases.get('') : base.guid;
    if (guid !== base.guid)
      throw new Failure(
        `the stream from ${host.name} does not begin with ${one}@${base.name} (GUID ${base.guid}), but with ${guid ?? 'another snapshot'}. Nothing was changed`,
      );
  }
  const strange = strangeIn(now, plan);
  if (strange.length > 0)
    throw new Failure(
      `${dataset} changed while this run looked at it, so nothing was changed: ${strange.join('; ')}. Try again`,
    );
  for (const { dataset: one, destroyed, bookmarks, base } of now.ways) {
    await destroyAll(
      step,
      one,
      destroyed.map(({ name }) => ({ dataset: one, name })),
    );
    // Where one stays, zfs itself refuses.
    await destroyBookmarks(step, bookmarks);
    mustSucceed(await step.zfs.ask(plainRollbackArgv(`${one}@${base.name}`)), one);
  }
  if (plan.snapshots.length + plan.changes.length > 0)
    report.event('rolled-back', { dataset, snapshot: base.name });
}

/** What is there now that was not agreed to. */
function strangeIn(now: RollbackPlan, plan: RollbackPlan): string[] {
  const agreed = new Set(plan.ways.flatMap(({ destroyed }) => destroyed.map(fullName)));
  const added = now.ways
    .flatMap(({ destroyed }) => destroyed.map(fullName))
    .filter((one) => !agreed.has(one));
  const known = new Set(plan.ways.map(({ dataset }) => dataset));
  const others = now.ways
    .filter(({ dataset }) => !known.has(dataset))
    .map(({ dataset, base }) => `${dataset} would go back to @${base.name} as well`);
  return [...added, ...others, ...now.kept];
}
