/**
 * Does the source's host send a pair (`zrep sync`), or does the copy's host pull it? It decides for which host a line is, and which verb is in it. The
 * properties of a pair do not tell, so a sync that has succeeded leaves a record on the source; a gate leaves one on what it streams.
 * Without a record a pair is taken for one that is pulled. Pure.
 */

import type { Tag } from '../zfs/names.ts';
import { ownValue } from '../zfs/state.ts';
import type { Side } from './side.ts';

/** Epoch seconds of a sync. A stream with properties brings it along: to a source that was moved, where it counts, and to the copy, where nobody looks. */
export function pushedProperty(tag: Tag): string {
  return `${tag}:pushed`;
}

/** Whether `zrep sync` sends `source`, which was read with `pushedProperty`, and its snapshots with STREAMED. */
export function isPushed(source: Pick<Side, 'properties' | 'tagged'>, tag: Tag): boolean {
  const text = ownValue(source.properties, pushedProperty(tag)) ?? '';
  const pushed = /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined;
  return pushed !== undefined && source.tagged.every(({ streamed = 0 }) => streamed <= pushed);
}
