/**
 * A stream that was cut off earlier is gone on with before anything new is made: its token names a snapshot, and that
 * one is marked when it has come. (Stock makes a newer snapshot first, streams the token's, and marks the newer one.)
 */

import { inSentence, tell } from '../../pair/obstacle.ts';
import { goneFrom } from '../../pair/resumable.ts';
import { printable } from '../../printable.ts';
import { isRefusal } from '../../refusal.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { mustSucceed } from '../../replication/step.ts';
import { formatZrepSnapshot, type ZrepSnapshot } from '../../zfs/names.ts';
import { parseResumeToken, type ResumeToken, saysCannotResume } from '../../zfs/resume-token.ts';
import type { FarSide } from '../far/far-side.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Destination } from './destination.ts';
import { judgePull } from './judge-pull.ts';
import { markSent } from './marks.ts';
import { type Pulled, pull } from './pull.ts';
import { abandonArgv } from './receive.ts';
import type { RollBack } from './roll-back.ts';
import { snapshotThere } from './snapshot-there.ts';

/** Said by a far side that refuses this token for ever: our gate's codes, and a zrep that knows none. */
const REFUSED =
  /refused \((?:token-mismatch|bad-token|bad-usage|no-such-snapshot|resume-not-granted|raw-required|already-sent|recursive-not-granted)\)|unrecognized zrep subcommand/;

/** The same from our zrep where it serves without a gate, which prints the sentence without its code (src/refusal.ts). */
const REFUSED_IN_WORDS =
  /the resume token (?:does not belong to this file system|is not usable): | is itself marked as sent, so there is nothing to stream/;

/** Whether a far side that said so refuses this token, and will again. Pure. */
export function refusesForEver(farSaid: string): boolean {
  return REFUSED.test(farSaid) || REFUSED_IN_WORDS.test(farSaid);
}

/** zfs's words for the same. GUIDs come first: a zrep without a gate has other words. */
const CANNOT = /cannot resume send|no longer exists|does not exist/;

/** Stock streams a token only under the name of its newest snapshot. */
const WANTS_NEWEST = /is not latest snap/;

/**
 * Goes on with the stream that `destination.token` is of, and marks what has come: true. Discards what it has left where
 * it cannot be resumed any more: false; then there is nothing in the way of a new one. With `back` the copy is rolled back first.
 *
 * @throws Failure when it was cut off again: the token stays for the next run.
 */
export async function resume(
  run: Run,
  far: FarSide,
  destination: Destination,
  text: string,
  back?: RollBack,
): Promise<boolean> {
  const token = parseResumeToken(text);
  if (isRefusal(token)) return abandon(run, destination, token.reason);
  if (isOurs(token, destination) && token.fromguid === undefined) throw await firstStream(run, destination);
  const strange = isOurs(token, destination)
    ? newerThanBase(token, destination)
    : 'it is not of a snapshot of this pair';
  if (strange !== undefined) return abandon(run, destination, strange);

  const { snapshot } = token;
  const name = formatZrepSnapshot(snapshot);
  run.report.event('resume', { dataset: destination.dataset, snapshot: name });
  const sent = sentTime(destination.snapshots);
  let pulled = await pull(run, far, destination, name, { token: text, back });
  if (!pulled.done && WANTS_NEWEST.test(pulled.farSaid)) {
    const newest = await snapshotThere(run, far, destination.source);
    pulled = await pull(run, far, destination, newest, { token: text, back });
  }
  if (pulled.done) {
    // Of a tree it is the top alone that came: what is marked is what all of it begins with.
    if (!run.settings.recursive) await markSent(run, far, destination, ownName(snapshot), sent);
    return true;
  }
  const hopeless = await whyHopeless(run, destination, token, pulled);
  if (hopeless !== undefined) return abandon(run, destination, hopeless);
  throw cutOff(name, pulled);
}

/** Why this token can never be resumed; undefined where the next run may. The source is asked, unless one side was plain. */
async function whyHopeless(
  run: Run,
  { host, source }: Destination,
  token: ResumeToken,
  { farSaid, why }: Pulled,
): Promise<string | undefined> {
  if (why.some(saysCannotResume)) return 'zfs receive on this host cannot resume it';
  const cannot = `${host.name} cannot resume it`;
  if (REFUSED.test(farSaid)) return cannot;
  const theirs = await readTheirSide(run, host, source, 'copy');
  const gone = 'side' in theirs ? goneFrom(theirs.side, token) : undefined;
  if (gone === 'snapshot') return `its snapshot is not on ${host.name} any more`;
  if (gone === 'base') return `the snapshot that it continues from is not on ${host.name} any more`;
  if (refusesForEver(farSaid)) return cannot;
  // The host is not reached, or the source is not there: its pool can come back.
  if ('unseen' in theirs && theirs.isCertain) return undefined;
  return CANNOT.test(farSaid) ? cannot : undefined;
}

function ownName(snapshot: ZrepSnapshot): string {
  const name = formatZrepSnapshot(snapshot);
  return name.slice(name.indexOf('@') + 1);
}

function isOurs({ snapshot }: ResumeToken, { source, receiving }: Destination): boolean {
  return snapshot.dataset === source && snapshot.tag === receiving.tag;
}

/** A refresh resumes no first stream: what to run is told. */
async function firstStream(run: Run, destination: Destination): Promise<Failure> {
  const { dataset, host, source } = destination;
  const judged = await judgePull(run, destination);
  if ('told' in judged) return new Failure(inSentence(judged.told));
  const names = { zrep: zrepAgain(run.settings), copy: dataset, source, host: host.name };
  return new Failure(inSentence(tell({ obstacle: 'first-stream' }, names)));
}

/** zfs receive resumes only on the newest snapshot, whoever made it; undefined where the token's base is that. */
function newerThanBase({ fromguid }: ResumeToken, { dataset, newest }: Destination): string | undefined {
  if (newest === undefined || newest.guid === String(fromguid)) return undefined;
  return `${dataset}@${printable(newest.name)} was made on this host since`;
}

async function abandon({ step, report }: Run, { dataset }: Destination, why: string): Promise<false> {
  mustSucceed(await step.zfs.ask(abandonArgv(dataset)), dataset);
  report.warn(
    `${dataset}: an interrupted stream cannot be resumed (${why}). What it left is discarded, and a new stream begins`,
  );
  report.event('resume-abandoned', { dataset, why });
  return false;
}

function cutOff(name: string, { why }: Pulled): Failure {
  return new Failure(
    [`the stream of ${name} was interrupted again`, ...why, 'the next refresh resumes it'].join('; '),
  );
}
