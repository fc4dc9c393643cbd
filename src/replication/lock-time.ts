/** zrep's lock-time: local time as `date +%Y%m%d%H%M%S` prints it, in the zone of whoever took the lock. */

/** Zones lie between twelve hours behind UTC and fourteen ahead of it, at whole quarters of an hour. Seconds. */
const [WESTMOST, EASTMOST, QUARTER] = [-12 * 3600, 14 * 3600, 900];

const ZONES = (EASTMOST - WESTMOST) / QUARTER;

/** A clock that was set back a little since the lock was taken. Seconds. */
const TOLERANCE = 60;

export function formatLockTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    String(date.getFullYear()) +
    [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()]
      .map(two)
      .join('')
  );
}

/**
 * The epoch seconds of a lock-time, or undefined for anything else. In the hour that a clock change repeats,
 * the later reading: it makes fewer processes look too young to hold the lock.
 */
export function parseLockTime(text: string | undefined): number | undefined {
  const fields = readFields(text);
  if (fields === undefined) return undefined;
  const first = new Date(...fields);
  const later = new Date(first.getTime() + 3_600_000);
  return (formatLockTime(later) === text ? later : first).getTime() / 1000;
}

/**
 * The latest moment that a lock-time can mean in any zone, epoch seconds: one that is not after `now`, or the one of this
 * process's zone where that is later. Undefined for what is no lock-time.
 */
export function latestLockTime(text: string | undefined, now: number): number | undefined {
  const [fields, own] = [readFields(text), parseLockTime(text)];
  if (fields === undefined || own === undefined) return undefined;
  const last = Date.UTC(...fields) / 1000 - WESTMOST;
  const tooLate = Math.max(0, Math.ceil((last - now - TOLERANCE) / QUARTER));
  return Math.max(own, last - Math.min(tooLate, ZONES) * QUARTER);
}

type Fields = [year: number, month: number, day: number, hour: number, minute: number, second: number];

function readFields(text: string | undefined): Fields | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text ?? '');
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  // Date counts on from the 31st of February.
  const days = new Date(year, month - 1, day);
  if (month < 1 || month > 12 || days.getDate() !== day || hour > 23 || minute > 59 || second > 60)
    return undefined;
  return [year, month - 1, day, hour, minute, second];
}
