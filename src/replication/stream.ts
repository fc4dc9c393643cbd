/** A stream to the client, and beside it the question how long it will be. */

import { dryRunArgv } from '../zfs/argv.ts';
import { parseEstimate } from '../zfs/estimate.ts';
import { mustSucceed, type Step } from './step.ts';

/**
 * Streams what `argv`, a `zfs send`, sends of `dataset`, through `filters`; the answer is what is known of the
 * stream: its estimated size in bytes, in front of the filters, where zfs can tell it before the stream is over.
 * The stream waits for no estimate, and nothing else does.
 *
 * @throws ZfsFailed when the stream failed; an estimate that fails is none.
 */
export async function streamEstimated(
  step: Step,
  dataset: string,
  argv: readonly string[],
  filters: readonly (readonly string[])[],
): Promise<{ estimate?: number }> {
  const aside = step.capabilities?.has('estimates') ? dryRunArgv(argv) : undefined;
  const streamed = mustSucceed(await step.zfs.stream(argv, filters, aside), dataset);
  const estimate = streamed.aside === undefined ? undefined : parseEstimate(streamed.aside);
  return estimate === undefined ? {} : { estimate };
}
