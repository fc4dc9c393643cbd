/** A snapshot as expiring sees it, and how its name tells its tags. Pure. */

export interface Snapshot {
  readonly dataset: string;
  /** What stands behind the `@`. */
  readonly name: string;
  /** Epoch seconds, UTC. */
  readonly creation: number;
  /** The pool's own clock, which never goes back; where it is not known, the creation. */
  readonly createtxg: number;
  /** The tags under which it is itself marked as sent: what it inherits from its file system is no mark. */
  readonly sentAs: ReadonlySet<string>;
  /** Why it must stay, as far as the listing alone does not tell: holds, resume tokens. */
  readonly guards: readonly Guard[];
}

/** Why a snapshot is not destroyed, whatever a schedule says. */
export type Guard =
  | { readonly kind: 'newest-sent'; readonly tag: string }
  | { readonly kind: 'newest-of-tag'; readonly tag: string }
  /** TAG:lastsent of the file system names it: zrep's way before snapshots could be marked. */
  | { readonly kind: 'lastsent'; readonly tag: string }
  /** The gate has recorded that a client has it, and none newer. */
  | { readonly kind: 'streamed'; readonly tag: string }
  /** A file system above streams its children along, from the snapshot of this name. */
  | { readonly kind: 'base-above'; readonly dataset: string; readonly tag: string }
  /** Its copy was taken out of service with all its snapshots. */
  | { readonly kind: 'retired'; readonly tag: string }
  | { readonly kind: 'held' }
  | { readonly kind: 'resume' };

export function fullName({ dataset, name }: Pick<Snapshot, 'dataset' | 'name'>): string {
  return `${dataset}@${name}`;
}

/** As the original matches: TAG_, six hexadecimal digits, and whatever follows (a seventh, `_unsent`). */
export function hasTag(name: string, tag: string): boolean {
  return name.startsWith(`${tag}_`) && /^[0-9a-f]{6}/.test(name.slice(tag.length + 1));
}

/** The tag that a snapshot's name tells; undefined for one that was made by hand. */
export function tagOf(name: string): string | undefined {
  return /^(.+)_[0-9a-f]{6,7}(?:_unsent)?$/.exec(name)?.[1];
}

/** Oldest first, by the clock, as the original sorts; of one second in the pool's order. Where that is the same, as given. */
export function oldestFirst(snapshots: readonly Snapshot[]): Snapshot[] {
  return [...snapshots].sort((a, b) => a.creation - b.creation || a.createtxg - b.createtxg);
}
