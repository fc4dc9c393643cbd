/**
 * A listing in a file, for --simulate: `FS@NAME<TAB>sent epoch or -<TAB>creation epoch`, a snapshot a line. Pure.
 *
 * Its sent mark counts under the tag that the name tells, and under each that was asked about and matches.
 */

import { quote } from '../printable.ts';
import type { Mistake } from './read-config.ts';
import { hasTag, type Snapshot, tagOf } from './snapshot.ts';

/** The snapshots in `text`, in its order, or all its mistakes. Blank lines and those that begin with `#` are passed over. */
export function readListing(text: string, tags: readonly string[]): Snapshot[] | readonly Mistake[] {
  const snapshots: Snapshot[] = [];
  const mistakes: Mistake[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, dataset = '', name = '', sent = '', creation = ''] =
      /^([^@\t]+)@([^@\t]+)\t(-|\d{1,12})\t(\d{1,12})\s*$/.exec(line) ?? [];
    if (name === '')
      mistakes.push({
        line: index + 1,
        problem: `${quote(line)} is not FS@NAME, a tab, the epoch of its sent mark or -, a tab, and the epoch of its creation`,
      });
    else if (seen.has(`${dataset}@${name}`))
      mistakes.push({ line: index + 1, problem: `${quote(`${dataset}@${name}`)} is there twice` });
    else snapshots.push(snapshotOf(dataset, name, sent !== '-', Number(creation), tags));
    seen.add(`${dataset}@${name}`);
  }
  return mistakes.length > 0 ? mistakes : snapshots;
}

function snapshotOf(
  dataset: string,
  name: string,
  sent: boolean,
  creation: number,
  tags: readonly string[],
): Snapshot {
  const own = tagOf(name);
  const claimed = tags.filter((tag) => hasTag(name, tag));
  const sentAs = new Set(sent ? [...(own === undefined ? [] : [own]), ...claimed] : []);
  return { dataset, name, creation, createtxg: creation, sentAs, guards: [] };
}
