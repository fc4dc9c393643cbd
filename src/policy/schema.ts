/**
 * The policy file's shape (zod/mini: the gate reads it at every start, and full zod costs half a node start).
 *
 * Strict everywhere: a key that is not known is an error, since a misspelt restriction would otherwise be none.
 */

import * as z from 'zod/mini';
import { readSendFlag } from '../command/zfs-verbs.ts';
import { parseDataset, parseTag } from '../zfs/names.ts';
import { isAddressOrPrefix } from './addresses.ts';

const FACILITIES = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
] as const; // biome-ignore format: one table

export const SYSLOG_TARGET =
  /^(?:off|local|local:(?<socket>\/[\x21-\x7e]+)|(?<transport>udp|tcp):\/\/(?<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?<port>[1-9][0-9]{0,4}))?)$/;

// The file is parsed once, so compiling a parser for it would cost more than it saves; nor is code made from strings.
z.config({ jitless: true });

/** A string for which `accepts` holds; `expected` says what to write instead. */
const text = (expected: string, accepts: (value: string) => boolean) =>
  z.custom<string>((value) => typeof value === 'string' && accepts(value), { error: `expected ${expected}` });

// Schemas are built at every start, so each is built once, and none that the file at hand does not need.
const flag = z.optional(z.boolean());
const path = text('an absolute path without blanks, such as "/usr/sbin/zfs"', (value) =>
  /^\/[\x21-\x7e]*$/.test(value),
);
const label = text('letters, digits and "_.-"', (value) => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(value));

/** `[zrep]` */
const zrepSection = () =>
  z.strictObject({
    'src-host': z.optional(
      text('a host name as uname -n has it, up to its first dot', (value) =>
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(value),
      ),
    ),
    rundir: z.optional(path),
    'send-flags': z.optional(
      z.array(
        text('one of -L, -b, -c, -e, -p, -w or their long names', (value) => {
          const option = readSendFlag(value);
          return option !== undefined && option !== 'R';
        }),
      ),
    ),
  });

/** `[audit]` */
export const auditSection = () =>
  z.strictObject({
    syslog: z.optional(
      text('"local", "local:/path/of/socket", "udp://host:514", "tcp://host:514" or "off"', (value) =>
        SYSLOG_TARGET.test(value),
      ),
    ),
    facility: z.optional(z.enum(FACILITIES)),
    file: z.optional(path),
    required: flag,
  });

/** `[client.NAME]`, with its `[[client.NAME.grant]]` */
const clientSection = () => {
  const dataset = text(
    'the name of a dataset, such as "tank/home"',
    (value) => parseDataset(value) !== undefined,
  );
  const tag = text(
    'a zrep tag: lower-case letters, digits and "_.:-", such as "zrep"',
    (value) => parseTag(value) !== undefined,
  );
  const grant = z.strictObject({
    dataset,
    subtree: flag,
    except: z.optional(z.array(dataset)),
    tags: z.optional(z.array(tag)),
    operations: z.array(z.enum(['pull', 'expire', 'read', 'send'])),
    recursive: flag,
    properties: flag,
    raw: z.optional(z.enum(['forbidden', 'optional', 'required'])),
    resume: flag,
    filters: z.optional(z.array(label)),
  });
  return z.strictObject({ from: z.optional(z.lazy(fromList)), grant: z.optional(z.array(grant)) });
};

const fromList = () =>
  z
    .array(text('an address or prefix, such as "192.0.2.10" or "2001:db8::/32"', isAddressOrPrefix))
    .check(z.minLength(1, 'expected at least one address; leave "from" out to allow any'));

/** `[filter.NAME]` */
const filterSection = () =>
  z.strictObject({
    argv: z.tuple(
      [path],
      text('printable ASCII', (value) => /^[\x20-\x7e]*$/.test(value)),
    ),
  });

/** `[[example]]` */
const exampleSection = () =>
  z.strictObject({ client: label, command: z.string(), verdict: z.enum(['allow', 'deny']) });

export const PolicyFile = z.strictObject({
  zfs: z.optional(path),
  zrep: z.optional(z.lazy(zrepSection)),
  audit: z.optional(z.lazy(auditSection)),
  client: z.optional(z.lazy(() => z.record(label, clientSection()))),
  filter: z.optional(z.lazy(() => z.record(label, filterSection()))),
  example: z.optional(z.lazy(() => z.array(exampleSection()))),
});

export type PolicyFile = z.infer<typeof PolicyFile>;
export type ClientSection = z.infer<ReturnType<typeof clientSection>>;
export type AuditSection = z.infer<ReturnType<typeof auditSection>>;
