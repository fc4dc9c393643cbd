/** Which name somebody may have meant. Pure. */

/** The one of `names` that is `wrong` but for a slip of the hand; undefined where there is none, or several. */
export function similarTo(wrong: string, names: readonly string[]): string | undefined {
  const last = wrong.slice(wrong.lastIndexOf('/') + 1);
  const most = last.length < 6 ? 1 : 2;
  const near = names.filter((name) => name !== wrong && distance(name, wrong) <= most);
  return near.length === 1 ? near[0] : undefined;
}

/** Letters that were added, left out, mistaken or changed about, each once (optimal string alignment). */
export function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const [a, b] = [one[i - 1], other[j - 1]];
      const cells = [(row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a === b ? 0 : 1)];
      if (i > 1 && j > 1 && a === other[j - 2] && one[i - 2] === b) cells.push((before[j - 2] ?? 0) + 1);
      next.push(Math.min(...cells));
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
