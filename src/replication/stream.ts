/** A stream to the client, and what is known of it: how long it will be, and whether anybody reads it. */

import { type Refusal, refuse } from '../refusal.ts';
import { dryRunArgv } from '../zfs/argv.ts';
import { parseEstimate } from '../zfs/estimate.ts';
import { mustSucceed, type Step } from './step.ts';

/**
 * Streams what `argv`, a `zfs send`, sends of `dataset`, through `filters`; the answer is what is known of the
 * stream: its estimated size in bytes, in front of the filters, where zfs can tell it before the stream is over.
 * The stream waits for no estimate, and nothing else does. A stream that nobody has read for `stallSeconds` is ended,
 * where zfs writes it by itself: zfs-fuse's daemon would go on.
 *
 * @throws ZfsFailed when the stream failed; an estimate that fails is none.
 */
export async function streamEstimated(
  { zfs, capabilities }: Step,
  dataset: string,
  argv: readonly string[],
  filters: readonly (readonly string[])[],
  stallSeconds: number,
): Promise<{ estimate?: number } | Refusal> {
  const streamed = await zfs.stream(argv, filters, {
    ...(capabilities.has('estimates') ? { aside: dryRunArgv(argv) } : {}),
    ...(capabilities.has('stalls') ? { stallSeconds } : {}),
  });
  if (streamed.stalled) return refuse('stalled', stallSeconds);
  mustSucceed(streamed, dataset);
  const estimate = streamed.aside === undefined ? undefined : parseEstimate(streamed.aside);
  return estimate === undefined ? {} : { estimate };
}
