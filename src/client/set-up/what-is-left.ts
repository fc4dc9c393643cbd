/** What a set-up that was taken back has left on this host. */

import { succeeded } from '../../process/pipeline.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';

/** Prints it, with the command that discards a stream of which nothing came whole; nothing where nothing is there. */
export async function tellWhatIsLeft({ step, report }: Run, dataset: Dataset): Promise<void> {
  const token = step.capabilities.has('resume') ? ['receive_resume_token'] : [];
  const read = await step.zfs.ask(readStateArgv(dataset, ['guid', ...token], 1));
  if (!succeeded(read)) return;
  const listing = parseListing(read.output);
  const isPart = anyValue(listing.get(dataset), 'receive_resume_token') !== undefined && listing.size === 1;
  report.line(
    isPart
      ? `Part of the first stream is still here. To discard it: zfs receive -A ${dataset}`
      : `${dataset} stays here as it is`,
  );
}
