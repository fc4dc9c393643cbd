/** Lengths of time as a person says them: `45s`, `12min`, `2h 5min`, `3d 4h`, `1y 35d`. Pure. */

const UNITS = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** The two largest units of it; from minutes on, seconds say nothing more. */
export function sayAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, length]) => whole >= length);
  if (first < 0) return '0s';
  const [unit, length] = UNITS[first] as (typeof UNITS)[number];
  const [finer, finest] = UNITS[first + 1] ?? ['s', 1];
  const rest = Math.floor((whole % length) / finest);
  const said = `${Math.floor(whole / length)}${unit}`;
  return rest === 0 || finer === 's' ? said : `${said} ${rest}${finer}`;
}
