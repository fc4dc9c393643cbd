/** The lines of authorized_keys that call the gate, among those that do not. Pure. */

import type { Account } from './accounts.ts';
import { type KeyLine, type KeyLines, optionValue } from './authorized-keys.ts';
import { type GateCall, meansGate, parseGateCall } from './gate-call.ts';

/** One file with keys of one account. */
export interface KeysFile {
  readonly account: Account;
  readonly path: string;
  readonly content: KeyLines;
}

export interface GateLine {
  readonly account: Account;
  readonly path: string;
  readonly line: KeyLine;
  readonly command: string;
  /** Undefined where the command is not one that runs the gate. */
  readonly call: GateCall | undefined;
}

export function gateLinesIn(files: readonly KeysFile[]): GateLine[] {
  return files.flatMap(({ account, path, content }) =>
    content.lines.flatMap((line) => {
      const command = optionValue(line, 'command');
      return command !== undefined && meansGate(command)
        ? [{ account, path, line, command, call: parseGateCall(command) }]
        : [];
    }),
  );
}

/** FILE:LINE */
export function placeOf({ path, line }: Pick<GateLine, 'path' | 'line'>): string {
  return `${path}:${line.number}`;
}
