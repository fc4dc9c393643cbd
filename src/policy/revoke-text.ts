/**
 * A policy's text without the grants of a client: `zrep-gate revoke`. Pure. All other lines stay. As with grant-text.ts, the new text is
 * read as the gate reads it: everything else must be as before, and the client must have lost just that.
 */

import { isDeepStrictEqual } from 'node:util';
import { buildPolicy } from './build.ts';
import { findGrant } from './grants.ts';
import { sayMistaken } from './mistakes.ts';
import type { Policy } from './policy.ts';
import { isHeader, lineBreakOf, type Statement, statementsOf, tomlKey } from './statements.ts';

export type RevokeEdit =
  | {
      readonly kind: 'new';
      readonly text: string;
      /** What is taken out, line by line. */
      readonly lines: readonly string[];
      /** A wider grant, which decides for the dataset from now on. */
      readonly instead: string | undefined;
      /** Whether no grant of the client is left. */
      readonly isLast: boolean;
    }
  /** There is no such grant; `known` are the names that there are, of clients or of the client's datasets. */
  | { readonly kind: 'none'; readonly known: readonly string[] }
  | { readonly kind: 'impossible'; readonly problem: string };

/** `text` without the client's grant for `dataset`, or without all that it has. */
export async function removeGrants(
  text: string,
  client: string,
  dataset: string | undefined,
): Promise<RevokeEdit> {
  const before = await policyIn(text);
  if (typeof before === 'string') return { kind: 'impossible', problem: before };
  const was = before.clients.get(client);
  if (was === undefined) return { kind: 'none', known: [...before.clients.keys()] };
  const datasets = was.grants.map((one) => one.dataset);
  if (dataset !== undefined && !was.grants.some((one) => one.dataset === dataset))
    return { kind: 'none', known: datasets };
  const left = was.grants.filter((one) => dataset !== undefined && one.dataset !== dataset);
  for (const candidate of candidates(text, client, dataset, datasets)) {
    const after = await policyIn(candidate.text);
    if (typeof after === 'string' || !isRestTheSame(before, after, client)) continue;
    const now = after.clients.get(client);
    if (!isDeepStrictEqual(now?.grants ?? [], left)) continue;
    // Without its section the client has no limits and addresses either; with one they stay.
    if (now !== undefined && !isDeepStrictEqual({ ...now, grants: [] }, { ...was, grants: [] })) continue;
    const instead = dataset === undefined ? undefined : now && findGrant(now, dataset)?.dataset;
    if (candidate.text === text) return { kind: 'none', known: [client] };
    return { kind: 'new', ...candidate, instead, isLast: left.length === 0 };
  }
  const what = dataset === undefined ? `all that it grants to "${client}"` : `its grant for ${dataset}`;
  return {
    kind: 'impossible',
    problem: `the policy has ${what} in a form from which no line can be taken. Take it out yourself`,
  };
}

interface Candidate {
  readonly text: string;
  readonly lines: readonly string[];
}

/** The best one first: without the client's own section as well, where all is taken, then with it. */
function candidates(
  text: string,
  client: string,
  dataset: string | undefined,
  datasets: readonly string[],
): Candidate[] {
  const statements = statementsOf(text);
  const isOf = ({ keys }: Statement) => keys[0] === 'client' && keys[1] === client;
  const grants = statements.flatMap((one, index) => (one.kind === 'list entry' && isOf(one) ? [index] : []));
  if (dataset !== undefined) {
    const index = grants[datasets.indexOf(dataset)];
    const isOnly = datasets.length === 1;
    return index === undefined
      ? []
      : [cut(text, statements, [index]), ...(isOnly ? [cut(text, statements, [index], client)] : [])];
  }
  const own = statements.flatMap((one, index) => (one.kind === 'table' && isOf(one) ? [index] : []));
  return [
    cut(text, statements, [...own, ...grants]),
    cut(text, statements, grants),
    cut(text, statements, grants, client),
  ];
}

/** Without the sections that begin at `sections`; with `header`, a section of that client stands in the place of the first one. */
function cut(
  text: string,
  statements: readonly Statement[],
  sections: readonly number[],
  header?: string,
): Candidate {
  const removed = new Set(sections.flatMap((index) => sectionFrom(statements, index)));
  const first = Math.min(...removed);
  const put = header === undefined ? '' : `[client.${tomlKey(header)}]${lineBreakOf(text)}`;
  const own = (index: number) => text.slice(statements[index]?.start, statements[index]?.end);
  const kept = statements.map((_, index) => {
    if (!removed.has(index)) return own(index);
    return index === first ? put : '';
  });
  const lines = [...removed].sort((a, b) => a - b).flatMap((index) => own(index).trimEnd().split(/\r?\n/));
  return { text: kept.join(''), lines: lines.filter((line) => line.trim() !== '') };
}

/** Its header, and all down to its last pair; with the empty line below that, if there is one above as well. */
function sectionFrom(statements: readonly Statement[], index: number): number[] {
  let last = index;
  for (let next = index + 1; next < statements.length && !isHeader(statements[next]); next += 1)
    if (statements[next]?.kind === 'pair') last = next;
  const isApart = index === 0 || statements[index - 1]?.kind === 'blank';
  if (isApart && statements[last + 1]?.kind === 'blank') last += 1;
  return Array.from({ length: last - index + 1 }, (_, more) => index + more);
}

/** The policy in `text`, or a sentence on its first mistake. */
async function policyIn(text: string): Promise<Policy | string> {
  const built = await buildPolicy(text);
  return 'policy' in built ? built.policy : sayMistaken(built.mistakes);
}

function isRestTheSame(before: Policy, after: Policy, client: string): boolean {
  const rest = ({ clients, ...own }: Policy) => ({
    ...own,
    clients: new Map([...clients].filter(([name]) => name !== client)),
  });
  return isDeepStrictEqual(rest(before), rest(after));
}
