/**
 * What an answer to "which GUIDs have these snapshots?" says of a stream that has just ended. Pure.
 *
 * The exit code of the command that receives proves nothing: a forced command that ends with that of its log ends with 0 whatever
 * zfs says. So the GUID is asked for. A host that lets stock's commands through alone refuses this one, and says so; its pushes go
 * on as before. One that says nothing at all, and ends with 0, says nothing by that.
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
  const isSilent = farLines(answer.output).length + farLines(answer.message).length === 0;
  return answer.code === 0 && isSilent ? 'silent' : 'refused';
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
