/**
 * A policy's text with one more grant: `zrep-gate grant`. Pure.
 *
 * The old lines stay as they are, in their order. The new text is read as the gate reads it, and compared with the old policy: it must have
 * all that was there, the new grant, and nothing else, and decide by it as meant. Otherwise there is no new text.
 */

import { isDeepStrictEqual } from 'node:util';
import { parse } from '../command/parse.ts';
import { isRefusal } from '../refusal.ts';
import type { Dataset, Tag } from '../zfs/names.ts';
import { assumedAddress, exampleVerdict } from './assume.ts';
import { buildPolicy } from './build.ts';
import { decide } from './decide.ts';
import { findGrant } from './grants.ts';
import { sayMistaken } from './mistakes.ts';
import type { Client, Grant, GrantedOperation, Policy } from './policy.ts';
import { endOfSection, lineBreakOf, type Statement, statementsOf, tomlKey } from './statements.ts';

export interface NewGrant {
  readonly client: string;
  readonly dataset: Dataset;
  readonly operations: readonly GrantedOperation[];
  readonly tag: Tag;
  readonly recursive: boolean;
}

export type GrantEdit =
  /** The policy grants all of it already, by this grant. */
  | { readonly kind: 'there'; readonly by: Grant }
  | {
      readonly kind: 'new';
      readonly text: string;
      /** What is added, line by line. */
      readonly lines: readonly string[];
      /** The number of the first added line in the new text, counted from 1. */
      readonly at: number;
      /** The grant that has decided for the dataset until now. */
      readonly instead: Grant | undefined;
    }
  /** Why not, in one sentence, and lines to write by hand, if there are any. */
  | { readonly kind: 'impossible'; readonly problem: string; readonly lines: readonly string[] };

/** `text`, a policy's or '' where there is none yet, with `grant`; `now` in epoch seconds. */
export async function addGrant(text: string, grant: NewGrant, now: number): Promise<GrantEdit> {
  const before = await policyIn(text);
  if (typeof before === 'string') return { kind: 'impossible', problem: before, lines: [] };
  const client = before.clients.get(grant.client);
  const decides = client && findGrant(client, grant.dataset);
  if (decides !== undefined && grantsAll(decides, grant)) return { kind: 'there', by: decides };
  if (client?.grants.some(({ dataset }) => dataset === grant.dataset))
    return {
      kind: 'impossible',
      problem: `"${grant.client}" has a grant for ${grant.dataset} already, and a dataset can have one alone. Write this into it`,
      lines: changesTo(client, grant),
    };
  const lines = grantLines(grant, sendsProperties(before));
  for (const { at, added } of candidates(text, grant.client, lines, client !== undefined)) {
    const edited = insert(text, at, added);
    const after = await policyIn(edited.text);
    if (typeof after === 'string' || !isAsMeant(before, after, grant, now)) continue;
    const broken = brokenExample(before, after, now);
    if (broken !== undefined)
      return { kind: 'impossible', problem: `${broken}. Change that example first`, lines };
    return { kind: 'new', ...edited, instead: decides };
  }
  return {
    kind: 'impossible',
    problem: `the policy says of "${grant.client}" what it says in a form to which no line can be added. Write this grant into it yourself`,
    lines,
  };
}

/** Whether every stream carries them, so that a grant without them is a contradiction. */
function sendsProperties({ zrep }: Policy): boolean {
  return zrep.sendFlags.some((flag) => flag === 'p' || flag === 'b');
}

/** The grant as it stands in a file. */
function grantLines(
  { client, dataset, operations, tag, recursive }: NewGrant,
  properties: boolean,
): string[] {
  return [
    `[[client.${tomlKey(client)}.grant]]`,
    `dataset = ${JSON.stringify(dataset)}`,
    ...(tag === 'zrep' ? [] : [`tags = [${JSON.stringify(tag)}]`]),
    `operations = [${operations.map((one) => JSON.stringify(one)).join(', ')}]`,
    ...(recursive ? ['recursive = true'] : []),
    ...(properties && streams(operations) ? ['properties = true'] : []),
    ...(streams(operations) ? ['resume = true'] : []),
  ];
}

/** An interrupted stream is resumed by a token. */
function streams(operations: readonly GrantedOperation[]): boolean {
  return operations.some((one) => one === 'pull' || one === 'init');
}

function grantsAll(own: Grant, { operations, tag, recursive }: NewGrant): boolean {
  return (
    operations.every((one) => own.operations.includes(one)) &&
    own.tags.includes(tag) &&
    (own.recursive || !recursive)
  );
}

function changesTo({ grants }: Client, { dataset, operations, tag, recursive }: NewGrant): string[] {
  const own = grants.find((one) => one.dataset === dataset);
  const all = (old: readonly string[] = [], more: readonly string[]) =>
    [...new Set([...old, ...more])].map((one) => JSON.stringify(one)).join(', ');
  const lacks = operations.some((one) => !own?.operations.includes(one));
  return [
    ...(lacks ? [`operations = [${all(own?.operations, operations)}]`] : []),
    ...(own?.tags.includes(tag) ? [] : [`tags = [${all(own?.tags, [tag])}]`]),
    ...(recursive && !own?.recursive ? ['recursive = true'] : []),
  ];
}

/** Places for it, the best one first. */
function candidates(
  text: string,
  client: string,
  lines: readonly string[],
  isKnown: boolean,
): { readonly at: number; readonly added: readonly string[] }[] {
  const statements = statementsOf(text);
  const isFor = ({ kind, keys }: Statement, form: Statement['kind'], ...more: string[]) =>
    kind === form && isDeepStrictEqual(keys, ['client', client, ...more]);
  const own = statements.findLastIndex((one) => isFor(one, 'list entry', 'grant'));
  const section = own >= 0 ? own : statements.findLastIndex((one) => isFor(one, 'table'));
  return [
    ...(section >= 0 ? [{ at: endOfSection(statements, section), added: lines }] : []),
    { at: text.length, added: isKnown ? lines : [`[client.${tomlKey(client)}]`, ...lines] },
  ];
}

/** `added` behind the first `at` characters of `text`, with an empty line around it where there is none. */
function insert(text: string, at: number, added: readonly string[]) {
  const end = lineBreakOf(text);
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  const isFirst = head.replace(/^\ufeff/, '') === '';
  const open = isFirst || head.endsWith('\n') ? '' : end;
  const above = isFirst || /\n\r?\n$/.test(head) ? '' : end;
  const below = tail === '' || /^\r?\n/.test(tail) ? '' : end;
  const before = `${head}${open}${above}`;
  return {
    text: `${before}${added.map((line) => `${line}${end}`).join('')}${below}${tail}`,
    lines: added,
    at: before.split('\n').length,
  };
}

/** The policy in `text`, one that allows nothing where there is none; or a sentence on its first mistake. */
async function policyIn(text: string): Promise<Policy | string> {
  // A file of comments alone is none either.
  const bare = statementsOf(text).every(({ kind }) => kind === 'blank' || kind === 'comment');
  const built = await buildPolicy(bare ? '[client]\n' : text);
  return 'policy' in built ? built.policy : sayMistaken(built.mistakes);
}

/** Whether all that was there is there, and beside it the grant alone, which decides. */
function isAsMeant(before: Policy, after: Policy, grant: NewGrant, now: number): boolean {
  const own = after.clients.get(grant.client);
  const was = before.clients.get(grant.client);
  const added = own?.grants.at(-1);
  if (own === undefined || added === undefined) return false;
  const rest = { ...after, clients: without(after.clients, grant.client) };
  return (
    isDeepStrictEqual(rest, { ...before, clients: without(before.clients, grant.client) }) &&
    isDeepStrictEqual(own.grants.slice(0, -1), was?.grants ?? []) &&
    isDeepStrictEqual(own.from, was?.from) &&
    (was === undefined || isDeepStrictEqual(own.limits, was.limits)) &&
    added.dataset === grant.dataset &&
    isDeepStrictEqual(added.operations, grant.operations) &&
    isDeepStrictEqual(added.tags, [grant.tag]) &&
    findGrant(own, grant.dataset) === added &&
    commandsOf(grant).every((command) => isAllowed(after, grant.client, command, now))
  );
}

function without(clients: Policy['clients'], name: string): Policy['clients'] {
  return new Map([...clients].filter(([other]) => other !== name));
}

/** A command for each operation. */
function commandsOf({ dataset, operations, tag }: NewGrant): string[] {
  const zrep = `zrep${tag === 'zrep' ? '' : ` -t ${tag}`}`;
  const samples: Readonly<Record<GrantedOperation, string>> = {
    pull: `${zrep} snaponly ${dataset}`,
    expire: `${zrep} expire -L ${dataset}`,
    read: `zfs list ${dataset}`,
    send: `zfs send ${dataset}@${tag}_000000`,
    init: `${zrep} _init ${dataset} backup ${dataset} 5`,
  };
  return operations.map((one) => samples[one]);
}

function isAllowed(policy: Policy, client: string, command: string, now: number): boolean {
  const pipeline = parse(command);
  const asker = { client, address: assumedAddress(policy, client), now };
  return !isRefusal(pipeline) && !isRefusal(decide(policy, asker, pipeline));
}

/** An example that was as its author meant, and would be so no longer. */
function brokenExample(before: Policy, after: Policy, now: number): string | undefined {
  const broken = after.examples.findIndex(
    (example) =>
      exampleVerdict(before, example, now) === example.verdict &&
      exampleVerdict(after, example, now) !== example.verdict,
  );
  const example = after.examples[broken];
  return example && `example[${broken + 1}] of the policy says "${example.verdict}" of "${example.command}"`;
}
