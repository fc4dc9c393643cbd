/** Has the far side make the next snapshot, and takes nothing but its name for an answer. */

import { succeeded } from '../../process/pipeline.ts';
import { saysNoRoom } from '../../replication/step.ts';
import { formatZrepSnapshot, parseZrepSnapshot } from '../../zfs/names.ts';
import { snaponlyCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';

/** There is no room for one more snapshot, or a limit of the gate's is reached; expiring may help. */
export class NoRoomThere extends Failure {}

/** Our gate's codes for that. */
const LIMIT_REACHED = /refused \((?:pool-full|too-many-snapshots)\)/;

/** The full name of the snapshot that was made. @throws Failure in stock's words; NoRoomThere where that is why. */
export async function snapshotThere(
  { settings, report }: Run,
  far: FarSide,
  source: string,
): Promise<string> {
  const answer = await far.ask(snaponlyCommand(settings, source));
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer)) {
    const full = LIMIT_REACHED.test(answer.message) || saysNoRoom(answer.message);
    throw new (full ? NoRoomThere : Failure)(`snap of src ${source} on ${far.host.name} failed`);
  }
  return readName(answer.output, source, settings.tag);
}

/** Stock prints no newline behind the name. A banner in front of it, or anything else, is refused. */
export function readName(output: string, source: string, tag: string): string {
  const name = output.replace(/\n$/, '');
  const snapshot = parseZrepSnapshot(name);
  if (snapshot === undefined || snapshot.dataset !== source || snapshot.tag !== tag) {
    const [said = ''] = farLines(output);
    throw new Failure(
      `Unrecognized output from src snap. Cannot continue (expected ${source}@${tag}_ and six digits alone, and got: ${said}); a login shell's banner does this, or a zrep older than 2.0`,
    );
  }
  return formatZrepSnapshot(snapshot);
}
