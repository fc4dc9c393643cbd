/** Bytes and moments as a person reads them. Pure. */

import { formatMinute } from './civil.ts';

export function sayBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < 5) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'][unit]}`;
}

/** `2026-11-25 06:55 UTC`. */
export function sayTime(epoch: number): string {
  return Number.isFinite(epoch) ? `${formatMinute(epoch)} UTC` : 'at a time that is not known';
}

/** `3 days old`, in the unit that fits. */
export function sayAge(seconds: number): string {
  const units = [
    ['year', 365 * 86_400],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const;
  const [name, length] = units.find(([, length]) => seconds >= 2 * length) ?? ['second', 1];
  const amount = Math.floor(seconds / length);
  return `${amount} ${name}${amount === 1 ? '' : 's'} old`;
}

/** `1 snapshot`, `2 snapshots`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
