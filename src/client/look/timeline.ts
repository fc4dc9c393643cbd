/**
 * The snapshots of file systems as a line of marks each: the present at the right end, and towards the past the
 * distances shrink, as schedules thin out (a logarithmic scale). Plain ASCII. Pure.
 */

import { sayAge } from './ages.ts';

/** What stands at one place: `|` one, `#` several, `o` none that was sent, `.` nothing. */
interface Mark {
  /** Seconds. */
  readonly age: number;
  readonly sent: boolean;
}

export interface Line {
  readonly name: string;
  readonly marks: readonly Mark[];
}

/** Nothing younger is told apart. Seconds. */
const FINEST = 60;

const TICKS = [
  600,
  3600,
  6 * 3600,
  86_400,
  7 * 86_400,
  30 * 86_400,
  90 * 86_400,
  365 * 86_400,
  5 * 365 * 86_400,
];

/** A scale, and a line below it for each; in `width` columns. */
export function drawTimelines(lines: readonly Line[], width: number): string[] {
  const names = Math.max(0, ...lines.map(({ name }) => name.length));
  const room = Math.max(20, width - names - 2);
  const oldest = Math.max(86_400, ...lines.flatMap(({ marks }) => marks.map(({ age }) => age)));
  const place = (age: number) => {
    const share = Math.log(1 + Math.max(0, age) / FINEST) / Math.log(1 + oldest / FINEST);
    return room - 1 - Math.round(share * (room - 1));
  };
  const drawn = lines.map(({ name, marks }) => `${name.padEnd(names)}  ${drawMarks(marks, room, place)}`);
  return [`${' '.repeat(names)}  ${drawScale(oldest, room, place)}`.trimEnd(), ...drawn];
}

function drawMarks(marks: readonly Mark[], room: number, place: (age: number) => number): string {
  const columns = Array.from({ length: room }, (): Mark[] => []);
  for (const mark of marks) columns[place(mark.age)]?.push(mark);
  return columns.map(sign).join('');
}

function sign(here: readonly Mark[]): string {
  if (here.length === 0) return '.';
  if (!here.some(({ sent }) => sent)) return 'o';
  return here.length === 1 ? '|' : '#';
}

/** `1y      30d   7d   1d  1h  now`: those that there is room for, each beginning where it is. */
function drawScale(oldest: number, room: number, place: (age: number) => number): string {
  let scale = `${' '.repeat(room - 3)}now`;
  for (const age of TICKS.filter((tick) => tick <= oldest)) {
    const [label, start] = [sayAge(age), place(age)];
    const end = start + label.length;
    if (/^ *$/.test(scale.slice(Math.max(0, start - 1), end + 1)))
      scale = scale.slice(0, start) + label + scale.slice(end);
  }
  return scale;
}
