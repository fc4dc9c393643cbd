/**
 * The policy file's shape. Strict everywhere: a key that is not known is a mistake, since a misspelt restriction would
 * otherwise be none.
 */

import { parseDataset, parseTag } from '../zfs/names.ts';
import { readSendFlag } from '../zfs/send-flags.ts';
import { isAddressOrPrefix } from './addresses.ts';
import { parseSpace, parseSpan } from './amounts.ts';
import { CLIENT_NAME } from './client-name.ts';
import { choice, flag, list, named, type Of, table, text, whole } from './shape.ts';

export const SYSLOG_TARGET =
  /^(?:off|local|local:(?<socket>\/[\x21-\x7e]+)|(?<transport>udp|tcp):\/\/(?<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?<port>[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)$/;

const path = text('an absolute path without blanks, such as "/usr/sbin/zfs"', (value) =>
  /^\/[\x21-\x7e]*$/.test(value),
);
const label = text('letters, digits and "_.-", without a blank, such as "backup1"', (value) =>
  CLIENT_NAME.test(value),
);
const dataset = text(
  'the name of a dataset, such as "tank/home"',
  (value) => parseDataset(value) !== undefined,
);
const tag = text(
  'a zrep tag: lower-case letters, digits and "_.:-", such as "zrep"',
  (value) => parseTag(value) !== undefined,
);
const address = text('an address or prefix, such as "192.0.2.10" or "2001:db8::/32"', isAddressOrPrefix);
const hostName = text('a host name as uname -n has it, up to its first dot', (value) =>
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(value),
);
const sendFlag = text('one of -L, -b, -c, -e, -p, -w or their long names', (value) => {
  const option = readSendFlag(value);
  return option !== undefined && option !== 'R';
});
const syslog = text(
  '"local", "local:/path/of/socket", "udp://host:514", "tcp://host:514" or "off"',
  (value) => SYSLOG_TARGET.test(value),
);
// biome-ignore format: one table
const facility = choice(
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp',
  'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
);

export const auditSection = table({ syslog, facility, file: path, required: flag });

const span = text(
  'a time such as "7 days", "12 hours" or "0 seconds"',
  (value) => parseSpan(value) !== undefined,
);
const space = text(
  'a part of the pool or a size, such as "2%" or "10G"',
  (value) => parseSpace(value) !== undefined,
);

const clientLimits = { sessions: whole(1, 1000), streams: whole(1, 1000) };
const datasetLimits = {
  'streams-per-dataset': whole(1, 1000),
  'snapshots-per-hour': whole(1, 3600),
  snapshots: whole(1, 1_000_000),
  'free-space': space,
  'stall-seconds': whole(10, 86_400),
  'keep-at-least': whole(1, 1_000_000),
  'keep-for': span,
  bookmarks: flag,
};

const grant = table(
  {
    dataset,
    subtree: flag,
    except: list(dataset),
    tags: list(tag, 1),
    operations: list(choice('pull', 'expire', 'read', 'send', 'init')),
    recursive: flag,
    properties: flag,
    raw: choice('forbidden', 'optional', 'required'),
    resume: flag,
    filters: list(label),
    ...datasetLimits,
  },
  'dataset',
  'operations',
);

const clientSection = table({ from: list(address, 1), grant: list(grant), ...clientLimits });

const filterSection = table(
  {
    argv: list(
      text('printable ASCII', (value) => /^[\x20-\x7e]*$/.test(value)),
      1,
      path,
    ),
  },
  'argv',
);

const example = table(
  { client: label, command: text('a string', () => true), verdict: choice('allow', 'deny') },
  'client',
  'command',
  'verdict',
);

export const policyFile = table({
  zfs: path,
  zrep: table({ 'src-host': hostName, rundir: path, 'send-flags': list(sendFlag) }),
  audit: auditSection,
  limits: table({ ...clientLimits, ...datasetLimits }),
  client: named(label, clientSection),
  filter: named(label, filterSection),
  example: list(example),
});

export type PolicyFile = Of<typeof policyFile>;
export type ClientSection = Of<typeof clientSection>;
export type AuditSection = Of<typeof auditSection>;
