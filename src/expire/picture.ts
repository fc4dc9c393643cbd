/** A forecast as a small picture for a terminal, in plain ASCII. Pure. */

import type { Forecast, Range } from './forecast.ts';

const HEIGHT = 8;

export interface Frame {
  /** Columns of the terminal. */
  readonly width: number;
  /** `a snapshot every 1 hour, for 2 years`. */
  readonly title: string;
  /** `2 years`. */
  readonly span: string;
}

export function drawForecast(forecast: Forecast, { width, title, span }: Frame): string {
  const { tiers, total, settled, totals } = forecast;
  const rows = [
    ...tiers.map(({ name, count, settled }) => ({ name, count, settled })),
    { name: 'in all', count: total, settled },
  ];
  const names = Math.max(...rows.map(({ name }) => name.length));
  const numbers = Math.max(...rows.map(({ count }) => sayRange(count).length));
  const room = Math.max(10, width - names - numbers - 8);
  const most = Math.max(1, ...rows.map(({ count }) => count.most));
  const bars = rows.map(({ name, count, settled }) => {
    const bar = '#'.repeat(Math.round((count.most / most) * room));
    return `  ${name.padEnd(names)}  ${sayRange(count).padStart(numbers)}${settled ? ' ' : '+'} ${bar}`.trimEnd();
  });
  const filling = rows.some(({ settled }) => !settled) ? ['  + still filling up: look further ahead'] : [];
  return `${[title, '', ...bars, ...filling, '', ...drawTotals(totals, width, span)].join('\n')}\n`;
}

function sayRange({ least, most }: Range): string {
  if (!Number.isFinite(least)) return '0';
  return least === most ? String(most) : `${least}..${most}`;
}

/** All of them over time, a column for as many runs as it takes; what a column shows is the most of them. */
function drawTotals(totals: readonly number[], width: number, span: string): string[] {
  const most = Math.max(1, ...totals);
  const margin = String(most).length;
  const columns = Math.max(1, Math.min(totals.length, Math.max(20, width - margin - 6)));
  const heights = Array.from({ length: columns }, (_, column) => {
    const slice = totals.slice(
      Math.floor((column * totals.length) / columns),
      Math.floor(((column + 1) * totals.length) / columns),
    );
    return Math.round((Math.max(0, ...slice) / most) * HEIGHT);
  });
  const lines = Array.from({ length: HEIGHT }, (_, row) => {
    const level = HEIGHT - row;
    const label = row === 0 ? String(most) : '';
    const marks = heights.map((height) => (height >= level ? '#' : ' ')).join('');
    return `  ${label.padStart(margin)} |${marks}`.trimEnd();
  });
  const end = `in ${span}`;
  return [
    ...lines,
    `  ${'0'.padStart(margin)} +${'-'.repeat(columns)}`,
    `  ${' '.repeat(margin)}  now${end.padStart(Math.max(end.length + 1, columns - 3))}`,
  ];
}
