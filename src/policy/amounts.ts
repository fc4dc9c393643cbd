/** Amounts as people write them in a policy: `"7 days"`, `"2%"`, `"10G"`. Pure. */

/** What a unit has of seconds. No months and years: those have no fixed length. */
const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};

/** What a suffix has of bytes, as with zfs: powers of 1024. */
const BYTES: Readonly<Record<string, number>> = { M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 };

/** The seconds in `7 days`, `1 hour`, `0 seconds`; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const [, digits, unit = ''] = /^(0|[1-9][0-9]{0,5}) (second|minute|hour|day|week)s?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (SECONDS[unit] as number);
}

/** Room in a pool: a part of it (less than 1), or a number of bytes. Nothing, in either form, is no limit. */
export type Space = { /** As the policy has it. */ readonly text: string } & (
  | { readonly part: number }
  | { readonly bytes: number }
);

/** The space in `2%`, `0.5%` or `10G`; undefined for anything else. */
export function parseSpace(text: string): Space | undefined {
  const percent = /^((?:0|[1-9][0-9]?)(?:\.[0-9]{1,3})?)%$/.exec(text)?.[1];
  if (percent !== undefined) return { text, part: Number(percent) / 100 };
  const [, digits, suffix = ''] = /^(0|[1-9][0-9]{0,3})([MGTP])$/.exec(text) ?? [];
  return digits === undefined ? undefined : { text, bytes: Number(digits) * (BYTES[suffix] as number) };
}

/** Whether `space` is free where `free` of `size` bytes are. */
export function leaves(free: number, size: number, space: Space): boolean {
  return 'part' in space ? free >= size * space.part : free >= space.bytes;
}
