/** zrep's lock-time: local time as `date +%Y%m%d%H%M%S` prints it. */

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
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text ?? '');
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const first = new Date(year, month - 1, day, hour, minute, second);
  // Date counts on from the 31st of February.
  if (month < 1 || month > 12 || first.getDate() !== day || hour > 23 || minute > 59 || second > 60)
    return undefined;
  const later = new Date(first.getTime() + 3_600_000);
  return (formatLockTime(later) === text ? later : first).getTime() / 1000;
}
