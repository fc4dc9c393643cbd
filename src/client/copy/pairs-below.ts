/** File systems at a place that belong to a pair, under whatever tag. */

import { mustSucceed, type Step } from '../../replication/step.ts';
import { setBelowArgv } from '../../zfs/argv.ts';

/** A file system, and a property that says that it is of a pair. */
export interface PairBelow {
  readonly name: string;
  readonly tag: string;
  readonly property: string;
}

/** `dataset` itself and what is below it, as far as TAG:dest-fs or TAG:master is set there. @throws ZfsFailed. */
export async function pairsBelow({ zfs }: Pick<Step, 'zfs'>, dataset: string): Promise<PairBelow[]> {
  const { output } = mustSucceed(await zfs.ask(setBelowArgv(dataset)), dataset);
  return output.split('\n').flatMap((line) => {
    const [name = '', property = ''] = line.split('\t');
    const [, tag] = /^(.+):(?:dest-fs|master)$/.exec(property) ?? [];
    return tag === undefined || name.includes('@') ? [] : [{ name, tag, property }];
  });
}
