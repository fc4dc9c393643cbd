/** What a person or another zrep asks for, in words, as one member per verb: nothing a member cannot hold. Pure. */

import type { Dataset } from '../zfs/names.ts';
import type { Switches } from './settings.ts';

export type Command =
  | RefreshCommand
  | InitPullCommand
  | InitCommand
  | SnaponlyCommand
  | ExpireCommand
  | WireCommand
  | VersionCommand
  | HelpCommand;

/** File systems by name, or all that there are of the kind. */
export interface Operands {
  readonly datasets: readonly Dataset[];
  /** `all` was said; then there are no names. */
  readonly all: boolean;
}

/** `zrep refresh [-f] [-v] [-r] [--json] FS...|all` */
export interface RefreshCommand extends Operands {
  readonly kind: 'refresh';
  readonly json: boolean;
}

/** `zrep init --pull [-f] [-v] [--dry-run] HOST:SRCFS DESTFS` */
export interface InitPullCommand {
  readonly kind: 'init-pull';
  /** `[user@]host`, for ssh. */
  readonly host: string;
  readonly source: Dataset;
  readonly destination: Dataset;
  readonly dryRun: boolean;
}

/** `zrep init|-i [-f] [-v] SRCFS DESTHOST DESTFS` */
export interface InitCommand {
  readonly kind: 'init';
  readonly source: Dataset;
  readonly host: string;
  readonly destination: Dataset;
}

/** `zrep snaponly FS...|all` */
export interface SnaponlyCommand extends Operands {
  readonly kind: 'snaponly';
}

/** `zrep expire|-e [-L] [FS...|all]`; without any operand those that this host is the master of. */
export interface ExpireCommand extends Operands {
  readonly kind: 'expire';
  /** -L: not on the other side. */
  readonly local: boolean;
}

/** What only another zrep sends, to be read by command/zrep-verbs.ts, as the gate reads it. */
export interface WireCommand {
  readonly kind: 'wire';
  /** The verb first. */
  readonly words: readonly string[];
}

/** `zrep version` */
export interface VersionCommand {
  readonly kind: 'version';
}

/** `zrep --help`, `zrep help [VERB]`, `zrep VERB --help` */
export interface HelpCommand {
  readonly kind: 'help';
  readonly verb: string | undefined;
}

export interface CommandLine {
  /** Those in front of the verb and those behind it that say something to the settings. */
  readonly switches: Switches;
  readonly command: Command;
}
