/** What a client may do, as the deciders see it: the policy file after every default and check. */

import type { Dataset, Tag } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { ClientLimits, DatasetLimits } from './limits.ts';

export type GrantedOperation = 'pull' | 'expire' | 'read' | 'send' | 'init';

export interface Grant {
  readonly dataset: Dataset;
  readonly subtree: boolean;
  readonly except: readonly Dataset[];
  readonly tags: readonly Tag[];
  readonly operations: readonly GrantedOperation[];
  readonly recursive: boolean;
  readonly properties: boolean;
  readonly raw: 'forbidden' | 'optional' | 'required';
  readonly resume: boolean;
  readonly filters: readonly string[];
  readonly limits: DatasetLimits;
}

export interface Client {
  /** Addresses and prefixes it may connect from; undefined is anywhere. */
  readonly from: readonly string[] | undefined;
  readonly grants: readonly Grant[];
  readonly limits: ClientLimits;
}

export type SyslogTarget =
  | { readonly kind: 'off' }
  | { readonly kind: 'local'; readonly socket: string }
  | {
      readonly kind: 'remote';
      readonly transport: 'udp' | 'tcp';
      readonly host: string;
      readonly port: number;
    };

export interface AuditSettings {
  readonly syslog: SyslogTarget;
  readonly facility: string;
  readonly file: string | undefined;
  readonly required: boolean;
}

/** What holds where a policy has no `[audit]`, or cannot be read at all. */
export const DEFAULT_AUDIT: AuditSettings = {
  syslog: { kind: 'local', socket: '/dev/log' },
  facility: 'authpriv',
  file: undefined,
  required: true,
};

interface ZrepSettings {
  /** zrep's name of this host: src-host, or undefined for `uname -n` up to the first dot. */
  readonly srcHost: string | undefined;
  readonly rundir: string;
  readonly sendFlags: readonly SendFlag[];
}

interface Example {
  readonly client: string;
  readonly command: string;
  readonly verdict: 'allow' | 'deny';
}

export interface Policy {
  /** Absolute path of the zfs binary. */
  readonly zfs: string;
  readonly zrep: ZrepSettings;
  readonly audit: AuditSettings;
  readonly clients: ReadonlyMap<string, Client>;
  /** The argv of every filter that a grant can name. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
  readonly examples: readonly Example[];
}
