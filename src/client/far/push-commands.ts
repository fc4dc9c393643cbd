/**
 * What is said to the other side of a pair that is pushed, byte for byte as stock zrep says it, blanks and all: a gatekeeper in
 * front of a backup server has learned these strings. test/compliance/client-push-strings.ts has them as recorded. Pure.
 */

import { readStateArgv } from '../../zfs/argv.ts';
import type { Settings } from '../words/settings.ts';
import { withDebug } from './far-commands.ts';

/** Is the other side a master, too? */
export function masterCommand(tag: string, destination: string): string {
  return `zfs get -H -o value -s local ${tag}:master ${destination}`;
}

/** What a stream that was cut off can be gone on with. */
export function tokenCommand(destination: string): string {
  return `zfs get -H -o value receive_resume_token ${destination}`;
}

/** Where there is no filter, no -s, no -F, a blank stands all the same. */
export function receiveIncrementCommand(
  { inFilter, resume, force }: Pick<Settings, 'inFilter' | 'resume' | 'force'>,
  destination: string,
): string {
  const filters = inFilter.map((argv) => `${argv.join(' ')} |`).join(' ');
  return `${filters} zfs recv ${resume ? '-s' : ''} ${force ? '-F' : ''} ${destination}`;
}

/** Gives up there what a stream that was cut off has left. Our own. */
export function abandonCommand(destination: string): string {
  return `zfs recv -A ${destination}`;
}

export function markCommand(tag: string, snapshot: string, sent: number): string {
  return `zfs set ${tag}:sent=${sent} ${snapshot}`;
}

/** For a zfs whose snapshots carry no properties: what stands for the mark, on the file system. */
export function oldMarkCommands(tag: string, source: string, destination: string, sent: number): string[] {
  return [
    `zfs set ${tag}:lastsent=${source} ${destination}`,
    `zfs set ${tag}:lastsenttime=${sent} ${destination}`,
  ];
}

export function expireThereCommand(
  wire: Pick<Settings, 'zrepPath' | 'tag' | 'debug'>,
  destination: string,
): string {
  return withDebug(wire, `${wire.zrepPath} expire ${destination}`);
}

/** Is there such a snapshot? */
export function snapshotCommand(snapshot: string): string {
  return `zfs list -t snapshot ${snapshot}`;
}

/** With newer snapshots, but with no clone of theirs. Our own. */
export function plainRollbackCommand(snapshot: string): string {
  return `zfs rollback -r ${snapshot}`;
}

/** With what is newer, and clones of that. */
export function rollbackCommand(snapshot: string): string {
  return `zfs rollback -Rr ${snapshot}`;
}

/** All that a pair is judged by, of the copy, its snapshots and, with an infinite `depth`, all below: one call for all. Our own. */
export function sideCommand(properties: readonly string[], destination: string, depth = 1): string {
  return `zfs ${readStateArgv(destination, properties, depth).join(' ')}`;
}

/** Which snapshots those are, beyond their names. Our own. */
export function guidsCommand(snapshots: readonly string[]): string {
  return `zfs get -Hp -o name,value guid ${snapshots.join(' ')}`;
}
