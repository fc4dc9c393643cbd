/**
 * The client's string into a typed pipeline, or the reason why not.
 *
 * [sudo] (zrep | zfs | /any/path/zrep | /any/path/zfs) VERB … [| FILTER …]. The program's word only tells
 * which grammar follows: nothing is ever run from it.
 */

import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { parseFilters } from './filters.ts';
import { lex } from './lex.ts';
import { isPull, type Operation, type Pipeline } from './request.ts';
import { parseZfs } from './zfs-verbs.ts';
import { parseZrep } from './zrep-verbs.ts';

/** What SSH_ORIGINAL_COMMAND asks for. Pure. */
export function parse(command: string): Pipeline | Refusal {
  const stages = lex(command);
  if (isRefusal(stages)) return stages;
  const [first = [], ...rest] = stages;

  const operation = parseOperation(first);
  if (isRefusal(operation)) return operation;
  const filters = parseFilters(rest);
  if (isRefusal(filters)) return filters;

  if (filters.length > 0 && !isPull(operation) && operation.kind !== 'send') {
    return refuse('bad-usage', 'zrep _refreshpull ... | FILTER', 'only a stream can go through a filter');
  }
  return { operation, filters };
}

function parseOperation(words: readonly string[]): Operation | Refusal {
  const [program = '', ...rest] = words[0] === 'sudo' ? words.slice(1) : words;
  if (/^(?:\/.*\/|\/)?zrep$/.test(program)) return parseZrep(program, rest);
  if (/^(?:\/.*\/|\/)?zfs$/.test(program)) return parseZfs(rest);
  return refuse('unknown-program', program);
}
