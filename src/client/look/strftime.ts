/**
 * strftime(3), as far as it means the same in every locale: figures, as glibc writes them, with its flags (`-` no
 * padding, `_` blanks, `0` zeros) and widths. In local time, as TZ has it. Pure, but for that.
 */

/** What a conversion is written with, and how wide. */
interface Figure {
  readonly value: number;
  readonly width: number;
  readonly fill: '0' | ' ';
}

const CONVERSION = /%([-_0]?)(\d{0,3})(.)/gs;

/**
 * `date` in the form `format`; undefined where that asks for what depends on the locale (names of days and months,
 * `%c`, `%x`, `%X`, `%p`), for the name of the time zone, or for what is no conversion.
 */
export function strftime(format: string, date: Date): string | undefined {
  let known = !/%[-_0]?\d{0,3}$/.test(format.replaceAll('%%', ''));
  const text = format.replace(CONVERSION, (_whole, flag: string, width: string, letter: string) => {
    const found = convert(letter, date);
    if (found === undefined || (typeof found === 'string' && (flag !== '' || width !== ''))) known = false;
    if (found === undefined) return '';
    return typeof found === 'string' ? found : writeFigure(found, flag, width);
  });
  return known ? text : undefined;
}

function writeFigure({ value, width, fill }: Figure, flag: string, asked: string): string {
  if (flag === '-') return String(value);
  const filling = flag === '_' ? ' ' : flag === '0' ? '0' : fill;
  return String(value).padStart(asked === '' ? width : Number(asked), filling);
}

function convert(letter: string, date: Date): Figure | string | undefined {
  const simple = COMPOSED[letter];
  if (simple !== undefined) return strftime(simple, date);
  if (letter === '%' || letter === 'n' || letter === 't') return { '%': '%', n: '\n', t: '\t' }[letter];
  if (letter === 'z') return zone(date);
  return FIGURES[letter]?.(date);
}

/** By the C standard; %h is of the locale, as %D is not. */
const COMPOSED: Readonly<Record<string, string>> = {
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  R: '%H:%M',
  T: '%H:%M:%S',
};

const two = (value: number): Figure => ({ value, width: 2, fill: '0' });
const blank = (value: number): Figure => ({ value, width: 2, fill: ' ' });
const plain = (value: number): Figure => ({ value, width: 1, fill: '0' });

const FIGURES: Readonly<Record<string, (date: Date) => Figure>> = {
  C: (date) => two(Math.floor(date.getFullYear() / 100)),
  G: (date) => plain(isoWeek(date).year),
  H: (date) => two(date.getHours()),
  I: (date) => two(date.getHours() % 12 || 12),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
  U: (date) => two(Math.floor((dayOfYear(date) + 6 - date.getDay()) / 7)),
  V: (date) => two(isoWeek(date).week),
  W: (date) => two(Math.floor((dayOfYear(date) + 6 - weekday(date)) / 7)),
  Y: (date) => plain(date.getFullYear()),
  d: (date) => two(date.getDate()),
  e: (date) => blank(date.getDate()),
  g: (date) => two(isoWeek(date).year % 100),
  j: (date) => ({ value: dayOfYear(date), width: 3, fill: '0' }),
  k: (date) => blank(date.getHours()),
  l: (date) => blank(date.getHours() % 12 || 12),
  m: (date) => two(date.getMonth() + 1),
  s: (date) => plain(Math.floor(date.getTime() / 1000)),
  u: (date) => plain(weekday(date) + 1),
  w: (date) => plain(date.getDay()),
  y: (date) => two(date.getFullYear() % 100),
};

/** Monday is 0. */
function weekday(date: Date): number {
  return (date.getDay() + 6) % 7;
}

/** The first of January is 1. By the calendar, since days of a clock change have no 24 hours. */
function dayOfYear(date: Date): number {
  const day = (year: number, month: number, ofMonth: number) => Date.UTC(year, month, ofMonth) / 86_400_000;
  return 1 + day(date.getFullYear(), date.getMonth(), date.getDate()) - day(date.getFullYear(), 0, 1);
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() - weekday(date) + 3, 12);
  return { year: thursday.getFullYear(), week: 1 + Math.floor((dayOfYear(thursday) - 1) / 7) };
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [sign, ahead] = [minutes < 0 ? '-' : '+', Math.abs(minutes)];
  return `${sign}${String(Math.floor(ahead / 60)).padStart(2, '0')}${String(ahead % 60).padStart(2, '0')}`;
}
