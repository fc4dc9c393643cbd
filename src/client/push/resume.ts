/**
 * With -r: a stream that was cut off is gone on with before a new snapshot is made, and its own snapshot is the one that is
 * marked. (Stock makes a newer one first, streams the token's, and marks the newer one.)
 *
 * The token is the other side's word, and `zfs send -t` would send any snapshot of the pool that it names: so it is decoded,
 * its GUIDs must be those of this pair's snapshots, and zfs is given one that was made here.
 */

import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { fullName, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { formatResumeToken, parseResumeToken, saysCannotResume } from '../../zfs/resume-token.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { abandonCommand, tokenCommand } from '../far/push-commands.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { checkArrival, markArrived } from './arrived.ts';
import { markPushed } from './marks.ts';
import type { Master } from './master.ts';
import { resumeWords, send } from './send.ts';

/** `master` as it is when what the other side was in the middle of has come there, or was given up. */
export async function resumeSending(run: Run, far: FarSide, master: Master): Promise<Master> {
  const { dataset, destination } = master;
  const answer = await far.ask(tokenCommand(destination));
  const text = succeeded(answer) ? answer.output.trim() : '-';
  if (text === '-' || text === '') return master;
  const found = await resumable(run, far, master, text);
  if (typeof found === 'string') {
    await abandon(run, far, destination, found);
    return master;
  }
  const name = fullName(found.snapshot);
  run.report.event('resume', { dataset, snapshot: name });
  run.report.line(`sending ${name} to ${far.host.name}:${destination}`);
  const sent = sentTime(master.snapshots);
  const words = resumeWords(run.settings, found.token);
  const { why, guess, moved } = await send(run, far, master, words, found.base?.name);
  if (why.some(saysCannotResume)) {
    await abandon(run, far, destination, `zfs receive on ${far.host.name} cannot resume it`);
    return master;
  }
  if (why.length > 0)
    throw new Failure(
      [
        `Problem doing sync for ${name}`,
        ...why,
        ...guess,
        `to resume it: ${zrepAgain(run.settings)} sync -r ${dataset}`,
      ].join('; '),
    );
  // A token covers one file system of a recursive stream.
  if (run.settings.recursive) {
    const marked = await markArrived(run, far, master);
    if (marked !== master) run.tally?.add(moved);
    return marked;
  }
  const doubts = await checkArrival(run, far, master, found.snapshot);
  if (doubts.length > 0) throw new Failure([`Problem doing sync for ${name}`, ...doubts].join('; '));
  run.tally?.add(moved);
  await markPushed(run, far, master, found.snapshot.name, sent);
  return { ...master, base: found.snapshot };
}

/** What `zfs send -t` is to send. */
interface Resumable {
  readonly snapshot: TaggedSnapshot;
  /** The snapshot that it continues from; undefined for a full stream. */
  readonly base: TaggedSnapshot | undefined;
  /** Made anew from what the other side's said. */
  readonly token: string;
}

/** Of which snapshot a token is; or why it cannot be resumed: zfs receive does that only on the newest snapshot there. */
async function resumable(run: Run, far: FarSide, master: Master, text: string): Promise<Resumable | string> {
  const found = snapshotOf(text, master);
  if (typeof found === 'string' || found.base === undefined) return found;
  const theirs = await readTheirSide(run, far.host, master.destination, 'source');
  const newest = 'side' in theirs ? theirs.side.snapshots.at(-1) : undefined;
  if (newest === undefined || newest.guid === found.base.guid) return found;
  return `${master.destination}@${printable(newest.name)} was made there since`;
}

/** The same as far as this side knows it. Pure. */
function snapshotOf(text: string, { snapshots }: Master): Resumable | string {
  const token = parseResumeToken(text);
  if (isRefusal(token)) return token.reason;
  const [to, from] = [token.toguid, token.fromguid].map((guid) =>
    snapshots.find((one) => one.guid === String(guid)),
  );
  if (to === undefined) return 'its snapshot is not here any more';
  if (token.fromguid !== undefined && from === undefined)
    return `it goes on from a snapshot that is not here any more, or is none of zrep's`;
  return { snapshot: to, base: from, token: formatResumeToken(token) };
}

async function abandon({ report }: Run, far: FarSide, destination: string, why: string): Promise<void> {
  const answer = await far.ask(abandonCommand(destination));
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer))
    throw new Failure(
      `an interrupted stream into ${far.host.name}:${destination} cannot be resumed (${why}), and what it left could not be discarded from here. On ${far.host.name}: zfs receive -A ${destination}`,
    );
  report.warn(
    `${far.host.name}:${destination}: an interrupted stream cannot be resumed (${why}). What it left is discarded, and a new stream begins`,
  );
}
