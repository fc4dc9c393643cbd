/**
 * The two ends of a pair, by the properties of one of them: which of the two is here, and where the other one is. Pure.
 *
 * A failover that was cut off leaves properties of which some have changed already, so roles are not believed: of the two
 * host names the one that is not ours is the other side's, and of the two file systems the one that is not this one.
 */

import { roleOf, roleProperties } from '../../replication/role.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { Failure } from '../run/failure.ts';
import { zrepFor } from '../words/again.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';

interface End {
  readonly host: SourceHost;
  readonly dataset: Dataset;
}

export interface Ends {
  readonly here: End;
  readonly there: End;
  /** The mark that counts: set on this very file system. */
  readonly master: boolean;
  /** What the properties call this end, beside the mark; `between` where both of them are the other end already. */
  readonly side: 'source' | 'copy' | 'between';
}

const NAMES = ['src-fs', 'src-host', 'dest-fs', 'dest-host'] as const;

/** What `readEnds` needs of the dataset. */
export function endsProperties(tag: Tag): string[] {
  return [...NAMES, 'master', 'retired'].map((name) => `${tag}:${name}`);
}

/**
 * The ends of the pair that `dataset` is of; `local` is zrep's name of this host. `given` is the other side's host, when
 * somebody named it.
 *
 * @throws Failure when it is of none, with what mends it.
 */
export function readEnds(
  own: Properties | undefined,
  dataset: Dataset,
  tag: Tag,
  local: string,
  given?: string,
): Ends {
  refuseRetired(own, dataset, tag);
  if (own?.get(`${tag}:src-fs`)?.source.startsWith('inherited'))
    throw new Failure(
      `${dataset} has no ${tag} configuration of its own, but that of the file system above it, which changes its role as a whole`,
    );
  // The hosts of all that is below can be set above it; the names of file systems are those of the one above.
  const [srcFs, destFs] = (['src-fs', 'dest-fs'] as const).map((name) => ownValue(own, `${tag}:${name}`));
  const [srcHost, destHost] = (['src-host', 'dest-host'] as const).map((name) =>
    anyValue(own, `${tag}:${name}`),
  );
  if (srcFs === undefined || srcHost === undefined || destFs === undefined || destHost === undefined)
    throw new Failure(
      `${dataset} is not of a pair under the tag ${tag}: ${tag}:src-fs and the others are not all set. They can be: ${zrepFor(tag)} changeconfig ${dataset} DESTHOST DESTFS for the source, with -d for the copy`,
    );
  const master = localValue(own, `${tag}:master`) === 'yes';
  const ours = (host: string) => parseSourceHost(host, local)?.here ?? false;
  const choose = <Name>(src: Name, dest: Name, foreign: (name: Name) => boolean): Name => {
    const [one, two] = [foreign(src), foreign(dest)];
    if (one !== two) return one ? src : dest;
    // Both on this host, or this host by a name that it does not have itself.
    return master ? dest : src;
  };
  const name = choose(srcHost, destHost, (host) => !ours(host));
  const host = parseSourceHost(given ?? name, local);
  const other = parseDataset(choose(srcFs, destFs, (fs) => fs !== dataset));
  if (host === undefined || other === undefined)
    throw new Failure(`the ${tag} properties of ${dataset} name a host or a file system that cannot be one`);
  if (host.here && other === dataset)
    throw new Failure(
      `by its ${tag} properties ${dataset} is the copy of itself, as a second takeover -L by stock zrep leaves it; ${saySides(dataset, tag, master)}`,
    );
  const source = destFs === other && destHost === name;
  const copy = srcFs === other && srcHost === name;
  const agree = source || copy;
  if (!agree && srcFs !== dataset && destFs !== dataset && roleOf(own, dataset, tag, local) === 'unclear')
    throw new Failure(
      `the ${tag} properties of ${dataset} do not say which side of a pair it is (${roleProperties(own, tag).join(', ')}); nothing was done. For what to do: ${zrepFor(tag)} doctor ${dataset}`,
    );
  if (!agree)
    throw new Failure(
      `the ${tag} properties of ${dataset} do not agree on where the other side is; ${saySides(dataset, tag, master)}`,
    );
  return {
    here: { host: { name: local, here: true }, dataset },
    there: { host, dataset: other },
    master,
    side: source && copy ? 'between' : source ? 'source' : 'copy',
  };
}

function saySides(dataset: Dataset, tag: Tag, master: boolean): string {
  return `say where it is: ${zrepFor(tag)} changeconfig ${master ? '' : '-d '}${dataset} HOST FS`;
}
