/**
 * `zrep init --pull HOST:SOURCE DESTINATION`: sets a pair up from the side that pulls, by three commands that the gate
 * knows (docs/policy.md, operation `init`). The fileserver never needs to reach this host.
 *
 * All that can be known on this host is checked before the first word to the other side that changes something.
 *
 * Cut off anywhere, the same command goes on: the far side answers with the snapshot that it made before, what was
 * received is gone on with where zfs can, and what came whole is told by its name and the configuration that came with it, or,
 * where none did (set-up/came-whole.ts), by its GUID.
 */

import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { SNAPSHOT_PROPERTIES, type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv, setArgv } from '../../zfs/argv.ts';
import { formatZrepSnapshot, type Tag } from '../../zfs/names.ts';
import { parseResumeToken } from '../../zfs/resume-token.ts';
import { anyValue, type Listing, localValue, parseListing } from '../../zfs/state.ts';
import { rememberBegun } from '../copies/begun.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
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
import {
  initCommand,
  initpullCommand,
  refreshcompleteCommand,
  snaponlyCommand,
} from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { cameWhole } from '../set-up/came-whole.ts';
import { checkFirstStream, checkHere, notSetUp } from '../set-up/checks.ts';
import { type Aside, findAside, stepAside } from '../set-up/step-aside.ts';
import { tellWhatIsLeft } from '../set-up/what-is-left.ts';
import { initPullLine, zrepAgain } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';
import { takeBack } from './take-back.ts';

/** Carries `command` out, or with --dry-run says what it would do; the answer is the exit code. */
export async function initPull(settings: Settings, command: InitPullCommand): Promise<number> {
  return inRun(settings, false, (run) => initPullIn(run, command), settings.waitSeconds);
}

async function initPullIn(run: Run, command: InitPullCommand): Promise<number> {
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
    return planOf(command, run.settings, found, aside, isOurs);
  } catch (error) {
    const { destination } = command;
    if (error instanceof SetUpAlready) await remember(run, found.listing, new Map([[destination, now()]]));
    throw error;
  }
}

class SetUpAlready extends Failure {}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** What is here in the place of the copy. */
interface Found {
  readonly listing: Listing;
  readonly exists: boolean;
}

const NOTHING: Found = { listing: new Map(), exists: false };

async function lookHere({ settings, step }: Run, dataset: string): Promise<Found> {
  const { tag } = settings;
  const own = [...destinationProperties(step.capabilities, tag), ...retiredProperties(tag)];
  const properties = [...own, ...SNAPSHOT_PROPERTIES];
  const state = await step.zfs.ask(readStateArgv(dataset, [...new Set(properties)], 1));
  if (succeeded(state)) return { listing: parseListing(state.output), exists: true };
  if (!state.message.includes('does not exist')) mustSucceed(state, dataset);
  return NOTHING;
}

interface Plan {
  /** The properties of the copy. */
  readonly pair: Readonly<Record<string, string>>;
  readonly found: Found;
  readonly snapshots: readonly TaggedSnapshot[];
  readonly token: string | undefined;
  /** The old copy, where one is in its place. */
  readonly aside: Aside | undefined;
}

function pairOf(
  { host, source, destination }: InitPullCommand,
  { tag, hostName, saveCount }: Settings,
): Record<string, string> {
  return {
    [`${tag}:src-fs`]: source,
    [`${tag}:src-host`]: host,
    [`${tag}:dest-fs`]: destination,
    [`${tag}:dest-host`]: hostName,
    [`${tag}:savecount`]: String(saveCount),
  };
}

/** Whether the properties of what is here say that it is the copy of that source. */
function isNamed({ listing }: Found, dataset: string, tag: Tag, pair: Plan['pair']): boolean {
  const own = listing.get(dataset);
  return [`${tag}:src-fs`, `${tag}:src-host`].every((name) => localValue(own, name) === pair[name]);
}

/** @throws Failure where something else is in the place of the copy. */
function planOf(
  command: InitPullCommand,
  settings: Settings,
  found: Found,
  aside: Aside | undefined,
  ours: boolean,
): Plan {
  const { tag, force } = settings;
  const { destination } = command;
  const pair = pairOf(command, settings);
  const own = found.listing.get(destination);
  const snapshots = taggedSnapshots(found.listing, destination, tag);
  refuseRetired(own, destination, tag);
  if (found.exists && localValue(own, `${tag}:master`) === 'yes')
    throw new Failure(`${destination} is itself the master of a pair under the tag ${tag}`);
  if (ours && snapshots.some(({ sent }) => sent !== undefined))
    throw new SetUpAlready(`${destination} is set up already: ${zrepAgain(settings)} refresh ${destination}`);
  if (found.exists && !ours && !force)
    throw new Failure(
      `${destination} exists already, and was not begun by this command. Nothing was done. Take another name${destination.includes('/') ? `, or keep it under another one: zfs rename ${destination} ${destination}_old` : ' below it'}`,
    );
  const [inside] = [...found.listing.keys()].filter((name) => name !== destination);
  if (!ours && inside !== undefined)
    throw new Failure(
      `${destination} has ${inside}, which -f does not destroy. Nothing was done. Take another name`,
    );
  const token = anyValue(own, 'receive_resume_token');
  return { pair, found, snapshots: ours ? snapshots : [], token, aside };
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
  // A stream that is gone on with brings what it was begun with.
  const set = token === undefined ? { readonly: 'on', ...pair } : {};
  report.line(
    `${token === undefined ? 'Receiving' : 'Going on with'} the first stream of ${far.host.name}:${source} into ${destination}`,
  );
  const command = initpullCommand(settings, snapshot, token);
  const options = { force: settings.force, set };
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

/** What would happen, on either side. */
function describe(
  { settings, step }: Run,
  { host, source, destination, anew }: InitPullCommand,
  { pair, found, snapshots, token, aside }: Plan,
): string[] {
  const whole = snapshots.at(-1)?.name;
  const name = whole ?? `${settings.tag}_${anew ? '<new>' : '000000'}`;
  const snapshot = `${source}@${name}`;
  const receiving = receivingOf(found.listing.get(destination), settings.tag);
  const set = { readonly: 'on', ...pair };
  const argv = receiveArgv(step.capabilities, destination, receiving, {
    force: settings.force,
    set,
    properties: settings.recursive,
  });
  const begin = [
    initCommand(settings, source, settings.hostName, destination, settings.saveCount),
    ...(anew ? [snaponlyCommand(settings, source)] : []),
    initpullCommand(settings, snapshot, token),
  ];
  const take = [
    ...(aside === undefined ? [] : [`rename ${aside.old} ${aside.name}`]),
    whole === undefined ? argv.join(' ') : setArgv(destination, set).join(' '),
  ];
  return [
    `On ${host}, by ssh:`,
    ...(whole === undefined ? begin : []).map((line) => `  ${line}`),
    `  ${refreshcompleteCommand(settings, snapshot, `${settings.tag}:sent=<now>`)}`,
    'Here:',
    ...take.map((words) => `  zfs ${words}`),
    `  zfs set ${settings.tag}:sent=<now> ${destination}@${name}`,
    'Nothing was done.',
  ];
}
