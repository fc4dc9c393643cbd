/**
 * `zrep init --pull HOST:SOURCE DESTINATION`: sets a pair up from the side that pulls, by three commands that the gate
 * knows (docs/policy.md, operation `init`). The fileserver never needs to reach this host.
 *
 * All that can be known on this host is checked before the first word to the other side that changes something.
 *
 * Cut off anywhere, the same command goes on: the far side answers with the snapshot that it made before, what was
 * received is resumed where zfs can, and what came whole is told by its name and the configuration that came with it, or,
 * where none did (set-up/came-whole.ts), by its GUID. A tree (-R) of which a part came is streamed anew (set-up/partial-tree.ts).
 */

import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { SNAPSHOT_PROPERTIES } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { formatZrepSnapshot } from '../../zfs/names.ts';
import { parseResumeToken } from '../../zfs/resume-token.ts';
import { parseListing } from '../../zfs/state.ts';
import { rememberBegun } from '../copies/begun.ts';
import { retiredProperties } from '../copies/retirement.ts';
import { remember, surveySome } from '../copies/survey.ts';
import { destinationProperties, receivingOf } from '../copy/destination.ts';
import { carriesProperties, type Head, isRaw } from '../copy/judge-head.ts';
import { markSent } from '../copy/marks.ts';
import { receiveFrom } from '../copy/pull.ts';
import { receiveArgv } from '../copy/receive.ts';
import { setProperties } from '../copy/set-properties.ts';
import { readName, snapshotThere } from '../copy/snapshot-there.ts';
import { refusedByGate } from '../far/answer.ts';
import { initCommand, initpullCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { cameWhole } from '../set-up/came-whole.ts';
import { checkFirstStream, checkHere, notSetUp } from '../set-up/checks.ts';
import {
  describe,
  type Found,
  isNamed,
  NOTHING,
  type Plan,
  pairOf,
  planOf,
  SetUpAlready,
} from '../set-up/init-plan.ts';
import { lookAtPartialTree } from '../set-up/partial-tree.ts';
import { type Aside, asideOf, findAside, stepAside } from '../set-up/step-aside.ts';
import { tellWhatIsLeft } from '../set-up/what-is-left.ts';
import { initPullLine } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';
import { takeBack } from './take-back.ts';

/** Carries `command` out, or with --dry-run says what it would do; the answer is the exit code. */
export async function initPull(settings: Settings, command: InitPullCommand): Promise<number> {
  return inRun(settings, false, (run) => initPullIn(run, command), settings.waitSeconds);
}

/** The same in a run that there is already. @throws Failure; SetUpAlready where the copy is there. */
export async function initPullIn(run: Run, command: InitPullCommand): Promise<number> {
  const host = parseSourceHost(command.host, run.settings.hostName);
  if (host === undefined) throw new Failure(`"${command.host}" is not the name of a host`);
  const far = run.far(host);
  if (command.undo) return takeBack(run, far, command);
  const place = await checkHere(run, far, command);
  const found = await lookHere(run, command.destination);
  const aside = command.anew ? await findAside(run, host, command, found.listing) : undefined;
  const plan = await planned(run, host, command, aside === undefined ? found : NOTHING, aside);
  if (command.dryRun) {
    for (const line of describe(run, command, plan)) run.report.line(line);
    return 0;
  }
  // What came whole needs its mark alone.
  if (plan.snapshots.length === 0) await checkFirstStream(run, far, command, place, plan.found.exists);
  await setUp(run, far, command, plan);
  return 0;
}

/** Behind a first stream that did not come. A pair that is begun once more has nothing that can be taken back. */
function wayOn({ settings }: Run, command: InitPullCommand): string {
  const undo = `; to take the set-up back: ${initPullLine(settings, command, ['--undo'])}`;
  return `the same command goes on${command.anew ? '' : undo}`;
}

/** As planOf. What a run that was cut off at its very end had completed is remembered as what it is. */
async function planned(
  run: Run,
  host: SourceHost,
  command: InitPullCommand,
  found: Found,
  aside: Aside | undefined,
): Promise<Plan> {
  const pair = pairOf(command, run.settings);
  const isOurs =
    isNamed(found, command.destination, run.settings.tag, pair) ||
    (!run.settings.force && (await cameWhole(run, host, command, found.listing, pair)));
  try {
    const plan = planOf(command, run.settings, found, aside, isOurs);
    if (!run.settings.recursive || !found.exists || !isOurs) return plan;
    const left = await lookAtPartialTree(run, host, command);
    if (left.isWhole) return plan;
    return planOf(command, run.settings, NOTHING, await asideOf(run, command.destination), false);
  } catch (error) {
    const { destination } = command;
    if (error instanceof SetUpAlready) await remember(run, found.listing, new Map([[destination, now()]]));
    throw error;
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

async function lookHere({ settings, step }: Run, dataset: string): Promise<Found> {
  const { tag } = settings;
  const own = [...destinationProperties(step.capabilities, tag), ...retiredProperties(tag)];
  const properties = [...own, ...SNAPSHOT_PROPERTIES];
  const state = await step.zfs.ask(readStateArgv(dataset, [...new Set(properties)], 1));
  if (succeeded(state)) return { listing: parseListing(state.output), exists: true };
  if (!state.message.includes('does not exist')) mustSucceed(state, dataset);
  return NOTHING;
}

async function setUp(run: Run, far: FarSide, command: InitPullCommand, plan: Plan): Promise<void> {
  const { source, destination } = command;
  const sent = sentTime(plan.snapshots);
  // What came whole needs its mark alone; and the far side may have marked it already, and would begin nothing again.
  const name = plan.snapshots.at(-1)?.name ?? (await begin(run, far, command, plan));
  // What `-o` has set already where zfs can; where it cannot, the copy has it from now on.
  await setProperties(run, destination, { readonly: 'on', ...plan.pair });
  await markSent(run, far, { source, dataset: destination }, name, sent);
  await remember(run, await surveySome(run, [destination]), new Map([[destination, sent]]));
  run.report.line(`Initialization copy of ${far.host.name}:${source} to ${destination} complete`);
}

/** Has the far side make a source of it, and takes in the first stream; the answer is the snapshot's name behind the @. */
async function begin(run: Run, far: FarSide, command: InitPullCommand, plan: Plan): Promise<string> {
  const { settings, report } = run;
  const { source, destination } = command;
  report.line(`Setting zrep properties on ${far.host.name}:${source}`);
  // An old copy is remembered, and missed, until it has stepped aside.
  let begun = plan.aside === undefined ? await rememberBegun(run, command, command.anew) : undefined;
  const answer = await far.ask(
    initCommand(settings, source, settings.hostName, destination, settings.saveCount),
  );
  const isBegun = command.anew && refusedByGate(answer) === 'already-initialized';
  if (!isBegun) report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer) && !isBegun) {
    const code = refusedByGate(answer);
    // Refused as a whole: nothing was begun.
    if (code !== undefined) await begun?.forget();
    throw notSetUp(run, answer, command, code);
  }
  const snapshot = isBegun
    ? (tokenSnapshot(plan) ?? (await snapshotThere(run, far, source)))
    : readName(answer.output, source, settings.tag);
  if (plan.aside !== undefined) {
    // In front of all else: whatever happens now, the copy is missed.
    begun = await rememberBegun(run, command, true);
    await stepAside(run, plan.aside, command);
  }
  for (const former of begun?.redirected ?? []) await tellWhatIsLeft(run, former);
  await receive(run, far, command, plan, snapshot);
  return snapshot.slice(snapshot.indexOf('@') + 1);
}

/** Of a stream that is gone on with, the snapshot that it is of. */
function tokenSnapshot({ token }: Plan): string | undefined {
  const read = token === undefined ? undefined : parseResumeToken(token);
  return read === undefined || isRefusal(read) ? undefined : formatZrepSnapshot(read.snapshot);
}

async function receive(
  run: Run,
  far: FarSide,
  asked: InitPullCommand,
  { pair, found, token }: Plan,
  snapshot: string,
): Promise<void> {
  const { source, destination } = asked;
  const { settings, step, report } = run;
  const receiving = receivingOf(found.listing.get(destination), settings.tag);
  // A stream that is resumed brings what it was begun with.
  const set = token === undefined ? { readonly: 'on', ...pair } : {};
  report.line(
    `${token === undefined ? 'Receiving' : 'Resuming'} the first stream of ${far.host.name}:${source} into ${destination}`,
  );
  const command = initpullCommand(settings, snapshot, token);
  // A tree's stream cannot be resumed (pair/first-tree.ts).
  const options = { force: settings.force, set, resumable: !settings.recursive };
  const argv = (head: Head) => {
    const [raw, properties] = [isRaw(head), carriesProperties(head)];
    return receiveArgv(step.capabilities, destination, { ...receiving, raw }, { ...options, properties });
  };
  const pulled = await receiveFrom(run, far, command, { source, snapshot }, argv, destination);
  if (!pulled.done)
    throw new Failure(
      [`the first stream of ${source} did not arrive whole`, ...pulled.why, wayOn(run, asked)].join('; '),
    );
}
