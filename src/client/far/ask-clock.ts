/**
 * Asks another host for its time. Our gate tells it by itself, at the end of a session; a host that is pushed to has none, and is asked only where
 * something went wrong or somebody looks: by stock's rules it need not answer. A refusal is no failure.
 */

import { succeeded } from '../../process/pipeline.ts';
import { Failure } from '../run/failure.ts';
import { skewOf } from './clock.ts';
import type { FarSide } from './far-side.ts';

/** POSIX has no %s, and every date of these systems has. */
const TIME = 'date +%s';

/** Once a run; how far its clock is from this one's is told at the end of that. Never throws for what the host does. */
export async function askClock(far: FarSide): Promise<void> {
  if (far.host.here || far.skew() !== undefined) return;
  const before = Date.now() / 1000;
  try {
    const answer = await far.ask(TIME);
    if (succeeded(answer)) far.noteSkew(skewOf(answer.output.trim(), before, Date.now() / 1000));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}
