/**
 * The record of what was streamed to whom: `zrep-gate:streamed` on the snapshot itself, `CLIENT@SECONDS,...`. Pure.
 *
 * A property, rather than a file in a folder of the gate's: it is the very snapshot's, whatever that is renamed to, goes
 * with it and not before, and outlives a new system disk. A client can set no property but TAG:sent. Only the local
 * value counts: one that came with a stream tells of another host's clients. docs/performance.md has what it costs.
 */

export const STREAMED = 'zrep-gate:streamed';

/** What a stream was of, or from. */
export interface Named {
  readonly name: string;
  /** Undefined where it does not matter which of that name it is. */
  readonly guid: string | undefined;
}

/** zfs-fuse takes 1024 characters; a client's name has 64 at most, and the seconds behind it 11. */
const MOST = 13;

/** Who has had the snapshot, and when its stream ended or it was marked as sent: client → epoch seconds. What makes no sense is left out. */
export function parseStreamed(text: string | undefined): ReadonlyMap<string, number> {
  const entries = (text ?? '')
    .split(',')
    .map((entry) => /^([A-Za-z0-9_.-]+)@([1-9][0-9]{0,10})$/.exec(entry));
  return new Map(entries.flatMap((found) => (found ? [[found[1] as string, Number(found[2])]] : [])));
}

/** When any of them last had it, or said so, epoch seconds; undefined where there is no record. */
export function lastStreamed(text: string | undefined): number | undefined {
  const times = [...parseStreamed(text).values()];
  return times.length === 0 ? undefined : Math.max(...times);
}

/** `record` with one more entry, the last; beyond what zfs takes, the first ones go. */
export function addStreamed(record: ReadonlyMap<string, number>, client: string, time: number): string {
  const others = [...record].filter(([name]) => name !== client);
  const entries = [...others, [client, time] as const].slice(-MOST);
  return entries.map(([name, seconds]) => `${name}@${seconds}`).join(',');
}
