/**
 * `zrep init --pull HOST:SOURCE DESTINATION`: sets a pair up from the side that pulls, by three commands that the gate
 * knows (docs/policy.md, operation `init`). The fileserver never needs to reach this host.
 *
 * All that can be known on this host is checked before the first word to the other side that changes something.
 *
 * Cut off anywhere, the same command goes on: the far side answers with the snapshot that it made before, what was
 * received is gone on with where zfs can, and what came whole is told by its name and the configuration that came with it.
 */

import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { SNAPSHOT_PROPERTIES, type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { formatZrepSnapshot } from '../../zfs/names.ts';
import { parseResumeToken } from '../../zfs/resume-token.ts';
import { anyValue, type Listing, localValue, parseListing } from '../../zfs/state.ts';
import { rememberBegun } from '../copies/begun.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { remember, surveySome } from '../copies/survey.ts';
import { destinationProperties, receivingOf } from '../copy/destination.ts';
import { markSent } from '../copy/marks.ts';
import { receiveFrom } from '../copy/pull.ts';
import { receiveArgv } from '../copy/receive.ts';
import { setProperties } from '../copy/set-properties.ts';
import { readName, snapshotThere } from '../copy/snapshot-there.ts';
import { type Answer, MOST_OF_LISTING, NO_CONNECTION, refusedByGate } from '../far/answer.ts';
import { initCommand, initpullCommand, stateCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { hintFor } from '../set-up/hints.ts';
import { lookAtPlace } from '../set-up/look-at-place.ts';
import { judgeFirstStream, judgeName, judgePlace, type Place } from '../set-up/place.ts';
import { type Aside, findAside, stepAside } from '../set-up/step-aside.ts';
import { tellWhatIsLeft } from '../set-up/what-is-left.ts';
import { initPullLine, zrepFor } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost } from '../words/source.ts';
import { takeBack } from './take-back.ts';

/** Carries `command` out, or with --dry-run says what it would do; the answer is the exit code. */
export async function initPull(settings: Settings, command: InitPullCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    const host = parseSourceHost(command.host, settings.hostName);
    if (host === undefined) throw new Failure(`"${command.host}" is not the name of a host`);
    const far = run.far(host);
    if (command.undo) return takeBack(run, far, command);
    const place = await checkHere(run, command);
    const found = await lookHere(run, command.destination);
    const aside = command.anew ? await findAside(run, host, command, found.listing) : undefined;
    const plan = planOf(command, settings, aside === undefined ? found : NOTHING, aside);
    if (command.dryRun) {
      for (const line of describe(run, command, plan)) run.report.line(line);
      return 0;
    }
    // What came whole needs its mark alone.
    if (plan.snapshots.length === 0) await checkFirstStream(run, far, command, place, plan.found);
    await setUp(run, far, command, plan);
    return 0;
  });
}

/** @throws Failure where this host cannot take the copy, whatever the fileserver does. */
async function checkHere(run: Run, command: InitPullCommand): Promise<Place> {
  const { destination } = command;
  const refuse = (problem: string | undefined) => {
    if (problem !== undefined) throw new Failure(`${problem}. Nothing was done`);
  };
  refuse(judgeName(destination, run.settings.tag));
  const place = await lookAtPlace(run, destination);
  refuse(judgePlace(place, (dataset) => initPullLine(run.settings, { ...command, destination: dataset })));
  return place;
}

/**
 * Asks the fileserver about its file system, which changes nothing there. A gate of before does not answer that; then nobody
 * knows.
 *
 * @throws Failure where the host does not answer, the first stream would not fit, or needs a key.
 */
async function checkFirstStream(
  run: Run,
  far: FarSide,
  command: InitPullCommand,
  { listing, dataset }: Place,
  { exists }: Found,
): Promise<void> {
  const { settings, report } = run;
  const { source } = command;
  const answer = await far.ask(stateCommand(settings, source), MOST_OF_LISTING);
  const code = refusedByGate(answer);
  if (!succeeded(answer)) {
    // Or it said more than anybody reads.
    if (code === 'unknown-verb' || answer.signal !== null) return;
    report.far(far.host.name, farLines(answer.message));
    throw notSetUp(run, answer, command, code);
  }
  const { parseState } = await import('../far/their-state.ts');
  const own = parseState(answer.output, source, settings.tag)?.listing.get(source);
  const encryption = anyValue(own, 'encryption');
  const known = own !== undefined && run.step.capabilities.has('encryption');
  const problem = judgeFirstStream(
    listing,
    dataset,
    {
      // Part of it is here already.
      referenced: exists || command.ignoreRoom ? undefined : anyValue(own, 'referenced'),
      isEncrypted: known ? encryption !== undefined && encryption !== 'off' : undefined,
    },
    (option) => initPullLine(settings, command, option),
  );
  if (problem !== undefined) throw new Failure(problem);
}

/** What is here in the place of the copy. */
interface Found {
  readonly listing: Listing;
  readonly exists: boolean;
}

const NOTHING: Found = { listing: new Map(), exists: false };

async function lookHere({ settings, step }: Run, dataset: string): Promise<Found> {
  const properties = [...destinationProperties(step.capabilities, settings.tag), ...SNAPSHOT_PROPERTIES];
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

/** @throws Failure where something else is in the place of the copy. */
function planOf(
  { host, source, destination }: InitPullCommand,
  settings: Settings,
  found: Found,
  aside: Aside | undefined,
): Plan {
  const { tag, force, hostName, saveCount } = settings;
  const pair = {
    [`${tag}:src-fs`]: source,
    [`${tag}:src-host`]: host,
    [`${tag}:dest-fs`]: destination,
    [`${tag}:dest-host`]: hostName,
    [`${tag}:savecount`]: String(saveCount),
  };
  const own = found.listing.get(destination);
  const snapshots = taggedSnapshots(found.listing, destination, tag);
  const ours = [`${tag}:src-fs`, `${tag}:src-host`].every((name) => localValue(own, name) === pair[name]);
  refuseRetired(own, destination, tag);
  if (found.exists && localValue(own, `${tag}:master`) === 'yes')
    throw new Failure(`${destination} is itself the master of a pair under the tag ${tag}`);
  if (ours && snapshots.some(({ sent }) => sent !== undefined))
    throw new Failure(`${destination} is set up already: zrep refresh ${destination}`);
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
  let begun = plan.aside === undefined ? await rememberBegun(run, command) : undefined;
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
    await stepAside(run, plan.aside, command);
    begun = await rememberBegun(run, command);
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

function notSetUp(
  { settings }: Run,
  answer: Answer,
  command: InitPullCommand,
  code: string | undefined,
): Failure {
  const { host, source, destination } = command;
  // It did not say why not, nor whether.
  if (answer.code === NO_CONNECTION) return new Failure(`the connection to ${host} broke`);
  const stock = `${zrepFor(settings.tag)} init ${source} ${settings.hostName} ${destination}`;
  const hint = hintFor(code, { host, source, stock });
  return new Failure([`${host} did not set ${source} up`, ...(hint === undefined ? [] : [hint])].join('; '));
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
  const argv = (raw: boolean) => receiveArgv(step.capabilities, destination, { ...receiving, raw }, options);
  const pulled = await receiveFrom(run, far, command, { source, snapshot }, argv, destination);
  if (!pulled.done)
    throw new Failure(
      [
        `the first stream of ${source} did not arrive whole`,
        ...pulled.why,
        `the same command goes on; to take the set-up back: ${initPullLine(settings, asked, '--undo')}`,
      ].join('; '),
    );
}

/** What would happen, on either side. */
function describe(
  { settings, step }: Run,
  { host, source, destination }: InitPullCommand,
  { pair, found, token, aside }: Plan,
): string[] {
  const snapshot = `${source}@${settings.tag}_000000`;
  const receiving = receivingOf(found.listing.get(destination), settings.tag);
  const set = { readonly: 'on', ...pair };
  const argv = receiveArgv(step.capabilities, destination, receiving, { force: settings.force, set });
  return [
    `On ${host}, by ssh:`,
    `  ${initCommand(settings, source, settings.hostName, destination, settings.saveCount)}`,
    `  ${initpullCommand(settings, snapshot, token)}`,
    `  zrep _refreshcomplete ${snapshot} ${settings.tag}:sent=<now>`,
    'Here:',
    ...(aside === undefined ? [] : [`  zfs rename ${aside.old} ${aside.name}`]),
    `  zfs ${argv.join(' ')}`,
    `  zfs set ${settings.tag}:sent=<now> ${destination}@${settings.tag}_000000`,
    'Nothing was done.',
  ];
}
