/**
 * What an answer to "which GUIDs have these snapshots?", or "are there such snapshots?", says of a stream that has just ended. Pure.
 *
 * The exit code of the command that receives proves nothing: a forced command that ends with that of its log ends with 0 whatever
 * zfs says. So the GUID is asked for. A host that lets stock's commands through alone refuses this question, and says so; it is asked
 * for the names, as stock does. One that says nothing at all, and ends with 0, says nothing by that.
 */

import { type Answer, NO_CONNECTION } from '../far/answer.ts';
import { farLines } from '../far/far-text.ts';

/** Names in one command: as many as leave its answer short. */
export const LARGEST = 100;

export type Arrival =
  /** Each is there, under its GUID. */
  | 'there'
  /** The other side was asked, and one is not there. */
  | 'missing'
  /** One of these names is another snapshot there. */
  | 'another'
  /** It does not answer this question, and says so: by an exit code, or in words. */
  | 'refused'
  /** It ended with 0, and printed nothing. */
  | 'silent'
  /** The connection broke, or the command was killed. */
  | 'no-answer';

/** `wanted` are the names that were asked for, in full, each with the GUID that it must have. */
export function readArrival(answer: Answer, wanted: ReadonlyMap<string, string>): Arrival {
  if (answer.code === NO_CONNECTION || answer.signal !== null) return 'no-answer';
  const found = parseGuids(answer.output);
  const others = [...wanted].filter(([name, guid]) => found.get(name) !== guid);
  if (others.length === 0) return 'there';
  if (others.some(([name]) => found.has(name))) return 'another';
  // zfs get prints those that there are, and fails for the others.
  if (saysMissing(answer) || [...wanted.keys()].some((name) => found.has(name))) return 'missing';
  return isSilent(answer) ? 'silent' : 'refused';
}

/** The same of an answer to `zfs list -t snapshot`, by the names alone: one that was there before under that name is taken for it. */
export function readListed(answer: Answer, names: readonly string[]): Exclude<Arrival, 'another'> {
  if (answer.code === NO_CONNECTION || answer.signal !== null) return 'no-answer';
  const found = new Set(answer.output.split('\n').map((line) => /^\S*/.exec(line)?.[0]));
  const there = names.filter((name) => found.has(name));
  if (there.length === names.length) return 'there';
  if (saysMissing(answer) || there.length > 0) return 'missing';
  return isSilent(answer) ? 'silent' : 'refused';
}

function isSilent({ code, output, message }: Answer): boolean {
  return code === 0 && farLines(output).length + farLines(message).length === 0;
}

/** What `zfs get -Hp -o name,value guid` printed: GUIDs by names in full. */
export function parseGuids(output: string): ReadonlyMap<string, string> {
  return new Map(
    [...output.matchAll(/^(\S+@\S+)\t(\d+)\r?$/gm)].map(([, name = '', guid = '']) => [name, guid]),
  );
}

/** zfs's words for a name that is not there; some forced commands put what it says into their standard output. */
export function saysMissing({ output, message }: Pick<Answer, 'output' | 'message'>): boolean {
  return /dataset does not exist/.test(output + message);
}
