/** The lines of authorized_keys that call the gate, among those that do not. Pure. */

import { inShell } from '../printable.ts';
import type { Account } from './accounts.ts';
import { type KeyLine, type KeyLines, optionValue } from './authorized-keys.ts';
import { type GateCall, meansGate, parseGateCall } from './gate-call.ts';

/** One file with keys of one account. */
export interface KeysFile {
  readonly account: Account;
  readonly path: string;
  readonly content: KeyLines;
  /** The account's name, if it can put another file, or a link, in the place of this one: root then changes nothing there by itself. */
  readonly editor?: string | undefined;
}

export interface GateLine {
  readonly account: Account;
  readonly path: string;
  readonly line: KeyLine;
  readonly editor?: string | undefined;
  readonly command: string;
  /** Undefined where the command is not one that runs the gate. */
  readonly call: GateCall | undefined;
}

export function gateLinesIn(files: readonly KeysFile[]): GateLine[] {
  return files.flatMap(({ account, path, content, editor }) =>
    content.lines.flatMap((line) => {
      const command = optionValue(line, 'command');
      return command !== undefined && meansGate(command)
        ? [{ account, path, line, editor, command, call: parseGateCall(command) }]
        : [];
    }),
  );
}

/** The command for root that edits the file by a script of sed's, which is one word for a shell: as the file's editor, where there is one. */
export function sedOn({ path, editor }: Pick<KeysFile, 'path' | 'editor'>, script: string): string {
  const sed = `sed -i ${script} ${inShell(path)}`;
  return editor === undefined ? sed : `runuser -u ${inShell(editor)} -- ${sed}`;
}

/** FILE:LINE */
export function placeOf({ path, line }: Pick<GateLine, 'path' | 'line'>): string {
  return `${path}:${line.number}`;
}
