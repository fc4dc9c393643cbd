/** What a copy is not, and a master has to be: writable and mounted. With -R all that is below, too. */

import { inOneLine } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { mustSucceed } from '../../replication/step.ts';
import { inheritArgv, mountArgv, readStateArgv, setArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { anyValue, type Listing, type Properties, parseListing } from '../../zfs/state.ts';
import { childrenOf } from '../copy/destination.ts';
import type { Run } from '../run/run.ts';

const PROPERTIES = ['type', 'mounted', 'mountpoint', 'canmount', 'readonly'];

/** The answer is what could not be mounted, and why: that keeps nobody from being the master. */
export async function becomeUsable(run: Run, dataset: Dataset): Promise<readonly string[]> {
  const { settings, step } = run;
  mustSucceed(await step.zfs.ask(inheritArgv(dataset, 'readonly')), dataset);
  const depth = settings.recursive ? Number.POSITIVE_INFINITY : 1;
  const state = mustSucceed(await step.zfs.ask(readStateArgv(dataset, PROPERTIES, depth)), dataset);
  const listing = parseListing(state.output);
  await allowWriting(run, dataset, listing.get(dataset));
  return mountAll(run, dataset, listing);
}

/** Stock leaves it to the file system above, which on a backup server can be read-only as a whole. */
async function allowWriting(
  { step, report }: Run,
  dataset: Dataset,
  own: Properties | undefined,
): Promise<void> {
  const { value, source = '' } = own?.get('readonly') ?? {};
  if (value !== 'on' || !source.startsWith('inherited')) return;
  mustSucceed(await step.zfs.ask(setArgv(dataset, { readonly: 'off' })), dataset);
  report.warn(`${dataset} would be read-only by what is ${source}; it has readonly=off of its own now`);
}

async function mountAll(run: Run, dataset: Dataset, listing: Listing): Promise<string[]> {
  const { settings, report } = run;
  const obstacle = obstacleOf(listing.get(dataset));
  if (obstacle !== undefined) report.warn(`${dataset} is not mounted, since its ${obstacle}`);
  const below = settings.recursive
    ? childrenOf(listing, dataset).filter((child) => anyValue(listing.get(child), 'canmount') !== 'noauto')
    : [];
  const failed: string[] = [];
  for (const one of [dataset, ...below].filter((name) => isToMount(listing.get(name)))) {
    // Stock's word.
    report.line(`eMounting ${settings.hostName}:${one}`);
    const ended = await run.step.zfs.ask(mountArgv(one));
    if (!succeeded(ended)) failed.push(`${inOneLine(ended.message)}; then: zfs mount ${one}`);
  }
  return failed;
}

function isToMount(own: Properties | undefined): boolean {
  return (
    anyValue(own, 'type') === 'filesystem' &&
    anyValue(own, 'mounted') === 'no' &&
    obstacleOf(own) === undefined
  );
}

/** By which somebody has said that zfs is not to mount it. */
function obstacleOf(own: Properties | undefined): string | undefined {
  const mountpoint = anyValue(own, 'mountpoint');
  if (mountpoint === 'none' || mountpoint === 'legacy') return `mountpoint is ${mountpoint}`;
  return anyValue(own, 'canmount') === 'off' ? 'canmount is off' : undefined;
}
