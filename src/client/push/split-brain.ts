/** Is the other side a master, too? Then neither may overwrite the other. */

import { succeeded } from '../../process/pipeline.ts';
import type { FarSide } from '../far/far-side.ts';
import { masterCommand } from '../far/push-commands.ts';
import { reasonOf } from '../far/ssh-failure.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Course } from './master.ts';

/** @throws Failure in stock's words where it is, or cannot be asked. */
export async function refuseSplitBrain({ settings }: Run, far: FarSide, course: Course): Promise<void> {
  const answer = await far.ask(masterCommand(settings.tag, course.destination));
  const { name } = far.host;
  if (!succeeded(answer)) {
    const said = reasonOf(answer) ?? `it ended with ${answer.signal ?? answer.code}`;
    throw new Failure(`${name} is not reachable via ssh? Cannot sync (${said})`);
  }
  if (answer.output.trim() === 'yes') throw new Failure(saySplitBrain({ ...course, host: far.host }));
}

/** In stock's words. */
export function saySplitBrain({ host, destination }: Pick<Course, 'host' | 'destination'>): string {
  return `Other side (${host.name}:${destination}) is also master. Split brain detected`;
}
