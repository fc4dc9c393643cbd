/** The snapshots that the other side has of a file system, as it says itself. */

import { succeeded } from '../../process/pipeline.ts';
import { Failure } from '../run/failure.ts';
import { MOST_OF_LISTING, NO_CONNECTION } from './answer.ts';
import { snapshotsCommand } from './far-commands.ts';
import type { FarSide } from './far-side.ts';
import { farLines } from './far-text.ts';

export interface TheirSnapshot {
  /** What stands behind the `@`. */
  readonly name: string;
  readonly guid: string;
  /** It is marked as sent under the tag. */
  readonly sent: boolean;
}

/**
 * In the order in which that pool made them; undefined where the host does not let this be asked.
 *
 * @throws Failure where the host cannot be reached.
 */
export async function theirSnapshots(
  far: FarSide,
  tag: string,
  dataset: string,
): Promise<readonly TheirSnapshot[] | undefined> {
  const answer = await far.ask(snapshotsCommand(tag, dataset), MOST_OF_LISTING);
  if (answer.code === NO_CONNECTION || answer.signal !== null)
    throw new Failure(
      [`${far.host.name} did not answer, so nothing was changed here`, ...farLines(answer.message)].join(
        '; ',
      ),
    );
  if (!succeeded(answer)) return undefined;
  const found = parseTheirs(answer.output, dataset);
  // zfs-fuse lists a GUID as 4.2E: then no more is known than where nothing is answered.
  return found.length === 0 && answer.output !== '' ? undefined : found;
}

/** Of the lines of name, GUID and mark; what is none is left out, for the other side may be hostile. Pure. */
export function parseTheirs(output: string, dataset: string): TheirSnapshot[] {
  return output.split('\n').flatMap((line) => {
    const [full = '', guid = '', sent = '-'] = line.split('\t');
    const name = full.startsWith(`${dataset}@`) ? full.slice(dataset.length + 1) : '';
    return name !== '' && /^\d{1,20}$/.test(guid) ? [{ name, guid, sent: sent !== '-' }] : [];
  });
}
