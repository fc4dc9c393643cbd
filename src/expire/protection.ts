/**
 * What no schedule may destroy. Pure.
 *
 * Of each tag, also of those that nobody asked about: the newest snapshot that is marked as sent, from which the next
 * refresh goes on, and the newest at all, so that no tag loses its last. Newest is meant both by the clock and by the
 * pool's order: a clock that went back must not make another of it. What a listing cannot tell (holds, resume tokens) comes
 * with the snapshots.
 */

import { type Guard, hasTag, oldestFirst, type Snapshot, tagOf } from './snapshot.ts';

/** Snapshots of one dataset → why each must stay; those that may go are not in it. */
export function protect(snapshots: readonly Snapshot[], tags: readonly string[]): Map<Snapshot, Guard> {
  const newestSent = new Newest();
  const newest = new Newest();
  for (const snapshot of oldestFirst(snapshots)) {
    for (const tag of snapshot.sentAs) newestSent.see(tag, snapshot);
    const own = tagOf(snapshot.name);
    if (own !== undefined) newest.see(own, snapshot);
    for (const tag of tags) if (tag !== own && hasTag(snapshot.name, tag)) newest.see(tag, snapshot);
  }
  const guards = new Map<Snapshot, Guard>();
  for (const [tag, snapshot] of newest.all()) guards.set(snapshot, { kind: 'newest-of-tag', tag });
  for (const [tag, snapshot] of newestSent.all()) guards.set(snapshot, { kind: 'newest-sent', tag });
  for (const snapshot of snapshots) {
    const [guard] = snapshot.guards;
    if (guard !== undefined && !guards.has(snapshot)) guards.set(snapshot, guard);
  }
  return guards;
}

/** The newest of each tag, by either order, of what is shown oldest first. */
class Newest {
  readonly #byClock = new Map<string, Snapshot>();
  readonly #byPool = new Map<string, Snapshot>();

  see(tag: string, snapshot: Snapshot): void {
    this.#byClock.set(tag, snapshot);
    const before = this.#byPool.get(tag);
    if (before === undefined || snapshot.createtxg >= before.createtxg) this.#byPool.set(tag, snapshot);
  }

  *all(): Iterable<[string, Snapshot]> {
    yield* this.#byPool;
    yield* this.#byClock;
  }
}
