/**
 * `zrep refresh -f`: changes of the copy are given up. Both sides are looked at and a person is asked first; the copy itself
 * is rolled back only when the stream has begun, and says that it goes on from that very snapshot.
 */

import { readSnapshots } from '../../expire/read-zfs.ts';
import { type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readTreeArgv } from '../../zfs/argv.ts';
import { parseListing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { type TheirSnapshot, theirSnapshots } from '../far/their-snapshots.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Destination } from './destination.ts';
import { baseOf, type Head } from './judge-head.ts';
import { chooseBase, PLAN_PROPERTIES, planRollback, type Read, type RollbackPlan } from './rollback-plan.ts';

/** What was planned, and agreed to. */
export interface RollBack {
  readonly base: TaggedSnapshot;
  readonly plan: RollbackPlan;
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
  const theirs = await theirSnapshots(far, settings.tag, source);
  const reads = await readHere(run, dataset);
  const own = reads[0]?.reading.listing ?? new Map();
  const base = chooseBase(taggedSnapshots(own, dataset, settings.tag), theirs);
  if (base === undefined) throw noBase(destination, theirs, far.host.name);
  const plan = planRollback(reads, settings.tag, base.name);
  const { snapshots, changes, kept } = plan;
  if (kept.length > 0)
    throw new Failure(
      `${dataset} is not rolled back to @${base.name}, and nothing was changed here, for these snapshots must stay: ${kept.join('; ')}`,
    );
  await confirm(run, {
    heading: `${dataset} would be rolled back to @${base.name}, the newest common snapshot. This would be destroyed:`,
    losses: [...snapshots, ...changes],
    command: `${zrepAgain(settings)} refresh -f --yes ${dataset}`,
    agreed: yes,
    unattended: snapshots.length === 0,
  });
  return { base, plan };
}

function noBase(
  { dataset, source }: Destination,
  theirs: readonly TheirSnapshot[] | undefined,
  host: string,
): Failure {
  const last = theirs?.findLast(({ sent }) => sent)?.name;
  const why =
    theirs === undefined
      ? `it has no snapshot of the tag`
      : last === undefined
        ? `${host} has no snapshot of ${source} that is marked as sent`
        : `${host} sends from ${source}@${last}, and this copy does not have it under that GUID`;
  return new Failure(
    `${dataset} cannot be rolled back to a common snapshot: ${why}. Nothing was changed here`,
  );
}

/** The copy, and with -R what is below it; the copy itself comes first. */
async function readHere({ settings, step }: Run, dataset: string): Promise<Read[]> {
  const more = PLAN_PROPERTIES.filter((name) => name !== 'written' || step.capabilities.has('written'));
  const datasets = settings.recursive ? await treeOf(step, dataset) : [dataset];
  const reads: Read[] = [];
  for (const one of datasets)
    reads.push(await readSnapshots(step, one, [settings.tag], { otherTags: true, more }));
  return reads;
}

async function treeOf(step: Run['step'], dataset: string): Promise<string[]> {
  const { output } = mustSucceed(await step.zfs.ask(readTreeArgv(dataset, ['type'])), dataset);
  return [...parseListing(output).keys()];
}

/**
 * Rolls the copy back, now that the stream has begun.
 *
 * @throws Failure where the stream goes on from another snapshot, or something has come along that nobody agreed to.
 */
export async function rollBack(
  run: Run,
  destination: Destination,
  { base, plan }: RollBack,
  head: Head,
): Promise<void> {
  const { settings, step, report } = run;
  const { dataset, source, host } = destination;
  const guid = baseOf(head, source);
  if (guid !== base.guid)
    throw new Failure(
      `the stream from ${host.name} does not go on from ${dataset}@${base.name} (GUID ${base.guid}), but from ${guid ?? 'the beginning'}. Nothing was changed here`,
    );
  const now = planRollback(await readHere(run, dataset), settings.tag, base.name);
  const strange = [...now.snapshots.filter((one) => !plan.snapshots.includes(one)), ...now.kept];
  if (strange.length > 0)
    throw new Failure(
      `${dataset} got snapshots while this run was under way, so nothing was changed here: ${strange.join('; ')}`,
    );
  for (const argv of now.argvs) mustSucceed(await step.zfs.ask(argv), dataset);
  if (plan.snapshots.length + plan.changes.length > 0)
    report.event('rolled-back', { dataset, snapshot: base.name });
}
