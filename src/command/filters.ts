/**
 * What stands behind a `|`: a program's name and its arguments, still as the client wrote them.
 *
 * Nothing is run from it. The policy maps the name to a fixed argv (policy/filters.ts).
 */

import { type Refusal, refuse } from '../refusal.ts';
import type { FilterRequest } from './request.ts';

const MAXIMUM_STAGES = 4;
const NAME = /^(?:\/(?:[A-Za-z0-9_.+-]+\/)*)?([A-Za-z0-9][A-Za-z0-9_.+-]{0,31})$/;

/** The filters of a pipeline's later stages; a program may be named by its absolute path. */
export function parseFilters(stages: readonly (readonly string[])[]): FilterRequest[] | Refusal {
  if (stages.length > MAXIMUM_STAGES) {
    return refuse(
      'bad-usage',
      `COMMAND [| FILTER], up to ${MAXIMUM_STAGES} filters`,
      'there are too many filters',
    );
  }
  const filters: FilterRequest[] = [];
  for (const [program = '', ...rest] of stages) {
    const name = NAME.exec(program)?.[1];
    if (name === undefined) return refuse('bad-name', 'the name of a filter', program);
    filters.push({ name, arguments: rest });
  }
  return filters;
}
