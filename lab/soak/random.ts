/** Chance that can be had again: the same seed gives the same choices in the same order. */

export interface Random {
  /** At least 0, less than 1. */
  number(): number;
  /** One of them. */
  pick<Item>(items: readonly Item[]): Item;
  /** All of them, in some order. */
  shuffle<Item>(items: readonly Item[]): Item[];
}

/** Mulberry32: 32 bits of state are enough to choose a victim. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(number() * items.length)] as Item;
  return {
    number,
    pick,
    shuffle(items) {
      const left = [...items];
      return items.map(() => left.splice(Math.floor(number() * left.length), 1)[0] as (typeof items)[number]);
    },
  };
}
