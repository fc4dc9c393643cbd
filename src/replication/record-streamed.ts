/** After a stream that ended well: what it was of is looked at once more, and put on record. */

import { type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv, setArgv } from '../zfs/argv.ts';
import { anyValue, localValue, parseListing } from '../zfs/state.ts';
import type { Base } from './base.ts';
import { fullName, type TaggedSnapshot } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';
import { addStreamed, parseStreamed, STREAMED } from './streamed.ts';

/**
 * Records that the stream of `snapshot`, from `base` where there was one, to this step's client ended well; the
 * refusal, when either is not the snapshot any more that it was when the stream was decided on.
 *
 * @throws ZfsFailed when it cannot be recorded.
 */
export async function recordStreamed(
  { zfs, client }: Step,
  dataset: string,
  snapshot: TaggedSnapshot,
  base: Base | undefined,
): Promise<Refusal | undefined> {
  const name = fullName(snapshot);
  const begun = [{ name, guid: snapshot.guid }, ...(base ? [base] : [])];
  const targets = begun.map((one) => one.name);
  const read = await zfs.ask(readPropertiesArgv(targets, ['guid', STREAMED]));
  const listing = parseListing(read.output);
  const changed = begun.find((one) => anyValue(listing.get(one.name), 'guid') !== one.guid);
  if (changed) return refuse('changed-meanwhile', changed.name);
  const record = parseStreamed(localValue(listing.get(name), STREAMED));
  const value = addStreamed(record, client, Math.floor(Date.now() / 1000));
  mustSucceed(await zfs.ask(setArgv(name, { [STREAMED]: value })), dataset);
  return undefined;
}
