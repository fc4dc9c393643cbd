/** The name that somebody most likely meant by one that is not there. Pure. */

/** More letters apart than this, it is another name. */
const MOST = 2;

/**
 * The one of `names` that is nearest to `wrong`, at most two letters apart and less than half of them; undefined where there
 * is none, or where two are as near.
 */
export function didYouMean(wrong: string, names: readonly string[]): string | undefined {
  const most = Math.min(MOST, Math.ceil(wrong.length / 2) - 1);
  const near = names
    .filter((name) => name !== wrong && Math.abs(name.length - wrong.length) <= most)
    .map((name) => ({ name, apart: lettersApart(wrong, name) }))
    .filter(({ apart }) => apart <= most)
    .sort((a, b) => a.apart - b.apart);
  const [first, second] = near;
  return first !== undefined && first.apart !== second?.apart ? first.name : undefined;
}

/** How many letters are missing, too many, other ones, or swapped with their neighbour (optimal string alignment). */
export function lettersApart(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const least = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
        swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
      (rows[row] as number[])[column] = least;
    }
  }
  return at(one.length, other.length);
}
