/** `explain --batch`: one JSON string a line in, one JSON verdict a line out, for as many as there are. */

import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { Asker } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import { type Capabilities, installedCapabilities } from '../zfs/capabilities.ts';
import { type Explanation, explain } from './explain.ts';

/** Written at once: a million small writes cost more than the verdicts. Characters. */
const CHUNK = 1 << 16;

/** Answers each line of `input` on `output`, in order. A line that is no JSON string is answered as denied. */
export async function explainBatch(
  policy: Policy,
  asker: Asker,
  input: Readable,
  output: Writable,
): Promise<void> {
  // Once for all lines: each plan asks what zfs can do.
  const capabilities = installedCapabilities();
  let pending = '';
  const flush = async (): Promise<void> => {
    const text = pending;
    pending = '';
    if (!output.write(text)) await once(output, 'drain');
  };
  for await (const line of linesOf(input)) {
    pending += `${JSON.stringify(explainLine(policy, asker, line, capabilities))}\n`;
    if (pending.length >= CHUNK) await flush();
  }
  if (pending !== '') await flush();
}

/** Parted at newlines alone: readline takes characters for line ends that may stand in a JSON string. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of input.setEncoding('utf8')) {
    const lines = (chunk as string).split('\n');
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function explainLine(policy: Policy, asker: Asker, line: string, capabilities: Capabilities): Explanation {
  let command: unknown;
  try {
    command = JSON.parse(line);
  } catch {
    // Answered below, in its place.
  }
  if (typeof command === 'string') return explain(policy, asker, command, capabilities);
  return {
    verdict: 'deny',
    code: 'bad-input',
    reason: 'this line is not one JSON string',
    plan: [],
    conditions: [],
  };
}
