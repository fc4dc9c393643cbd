/** A stream to the client, and what is known of it: how long it will be, and whether anybody reads it. */

import { succeeded } from '../process/pipeline.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { dryRunArgv, readPropertiesArgv, readTreeArgv } from '../zfs/argv.ts';
import { parseEstimate } from '../zfs/estimate.ts';
import { anyValue, type Properties, parseListing } from '../zfs/state.ts';
import { mustSucceed, type Step } from './step.ts';

/** The refusal of a stream of `dataset` that is not raw, where its key is not loaded: it would fail before its first byte. */
export function refuseWithoutKey(dataset: string, own: Properties | undefined): Refusal | undefined {
  return anyValue(own, 'keystatus') === 'unavailable' ? refuse('key-not-loaded', dataset) : undefined;
}

/**
 * Why a stream failed, where the key of a dataset in it is not loaded. Undefined where every key is there, or none is
 * needed.
 */
async function refuseKeyless(
  { zfs, capabilities }: Step,
  dataset: string,
  argv: readonly string[],
): Promise<Refusal | undefined> {
  if (argv.includes('-w') || !capabilities.has('encryption')) return undefined;
  const read = argv.includes('-R')
    ? readTreeArgv(dataset, ['keystatus'])
    : readPropertiesArgv([dataset], ['keystatus']);
  const state = await zfs.ask(read);
  const found = succeeded(state) ? [...parseListing(state.output)] : [];
  return found.map(([name, own]) => refuseWithoutKey(name, own)).find((refusal) => refusal !== undefined);
}

/**
 * Streams what `argv`, a `zfs send`, sends of `dataset`, through `filters`; the answer is what is known of the
 * stream: its estimated size in bytes, in front of the filters, where zfs can tell it before the stream is over; and how many bytes
 * zfs has written, in front of the filters, too, where the kernel's count is certain.
 * The stream waits for no estimate, and nothing else does. A stream that nobody has read for `stallSeconds` is ended,
 * where zfs writes it by itself: zfs-fuse's daemon would go on.
 *
 * @throws ZfsFailed when the stream failed; an estimate that fails is none.
 */
export async function streamEstimated(
  step: Step,
  dataset: string,
  argv: readonly string[],
  filters: readonly (readonly string[])[],
  stallSeconds: number,
): Promise<{ estimate?: number; bytes?: number } | Refusal> {
  const { zfs, capabilities } = step;
  const streamed = await zfs.stream(argv, filters, {
    ...(capabilities.has('estimates') ? { aside: dryRunArgv(argv) } : {}),
    ...(capabilities.has('stalls') ? { stallSeconds } : {}),
  });
  if (streamed.stalled) return refuse('stalled', stallSeconds);
  if (!succeeded(streamed)) {
    const refusal = await refuseKeyless(step, dataset, argv);
    if (refusal) return refusal;
  }
  mustSucceed(streamed, dataset);
  const estimate = streamed.aside === undefined ? undefined : parseEstimate(streamed.aside);
  const bytes = capabilities.has('stalls') ? streamed.written : undefined;
  return { ...(estimate !== undefined && { estimate }), ...(bytes !== undefined && { bytes }) };
}
