/** Has the far side make the next snapshot, and takes nothing but its name for an answer. */

import { succeeded } from '../../process/pipeline.ts';
import { saysNoRoom } from '../../replication/step.ts';
import { formatZrepSnapshot, parseZrepSnapshot } from '../../zfs/names.ts';
import { snaponlyCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';

/** Nothing was made; `said` is what the far side says of that, which nobody has printed. */
export class NotMade extends Failure {
  readonly said: readonly string[];

  constructor(message: string, said: readonly string[]) {
    super(message);
    this.said = said;
  }
}

/** There is no room for one more snapshot, or a limit of the gate's is reached; expiring may help. */
export class NoRoomThere extends NotMade {}

/** Our gate's codes for that. */
const LIMIT_REACHED = /refused \((?:pool-full|too-many-snapshots)\)/;

/** The full name of the snapshot that was made. @throws NotMade, with what the far side says printed. */
export async function snapshotThere(run: Run, far: FarSide, source: string): Promise<string> {
  try {
    return await makeThere(run, far, source);
  } catch (error) {
    if (error instanceof NotMade) run.report.far(far.host.name, error.said);
    throw error;
  }
}

/** The same, for who says itself what is in the way. @throws NotMade in stock's words; NoRoomThere where that is why. */
export async function makeThere({ settings, report }: Run, far: FarSide, source: string): Promise<string> {
  const answer = await far.ask(snaponlyCommand(settings, source));
  const said = farLines(answer.message);
  if (!succeeded(answer)) {
    const full = LIMIT_REACHED.test(answer.message) || saysNoRoom(answer.message);
    throw new (full ? NoRoomThere : NotMade)(`snap of src ${source} on ${far.host.name} failed`, said);
  }
  report.far(far.host.name, said);
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
