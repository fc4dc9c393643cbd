/**
 * Days and months as numbers, without a clock: the proleptic Gregorian calendar. Pure.
 *
 * Day 0 is 1970-01-01. The arithmetic is Howard Hinnant's (chrono-compatible low-level date algorithms): exact for any
 * year, and fast enough for every snapshot at every run.
 */

export const DAY = 86_400;

export interface CivilDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly date: number;
}

export function civilOf(day: number): CivilDate {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    date: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

export function dayOf({ year, month, date }: CivilDate): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** So many months later; the 31st becomes the last day of a shorter month. */
export function addMonths({ year, month, date }: CivilDate, months: number): CivilDate {
  const total = year * 12 + month - 1 + months;
  const moved = { year: Math.floor(total / 12), month: total - Math.floor(total / 12) * 12 + 1 };
  const following = dayOf({ ...addOne(moved), date: 1 });
  const length = following - dayOf({ ...moved, date: 1 });
  return { ...moved, date: Math.min(date, length) };
}

function addOne({ year, month }: { year: number; month: number }): { year: number; month: number } {
  return month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 };
}

export function formatDate(day: number): string {
  const { year, month, date } = civilOf(day);
  return `${year}-${two(month)}-${two(date)}`;
}

/** `2026-11-25 06:55`, of seconds since day 0 began. */
export function formatMinute(seconds: number): string {
  const day = Math.floor(seconds / DAY);
  const clock = seconds - day * DAY;
  return `${formatDate(day)} ${two(Math.floor(clock / 3600))}:${two(Math.floor((clock % 3600) / 60))}`;
}

export function two(value: number): string {
  return String(value).padStart(2, '0');
}
