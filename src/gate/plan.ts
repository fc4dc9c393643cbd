/**
 * What would run, and what only running can tell: for `explain`, from the very functions that print what does
 * run. Names that only ZFS knows stand as `<last sent>`, `<each beyond savecount>` (a process each) or
 * `<all beyond savecount>` (in one, `,` between them). Pure.
 */

import type { Allowed } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import { callsOf } from '../replication/change.ts';
import { isOurs, lockPropertyNames, releaseChanges, takeArgvs } from '../replication/lock.ts';
import { pairArgvs } from '../replication/pair.ts';
import { readArgv } from '../replication/read.ts';
import { markChanges, recordChange } from '../replication/record-streamed.ts';
import { incrementFrom } from '../replication/refreshpull.ts';
import { sendOperationArgv } from '../replication/send.ts';
import { initByProperty, uninitArgvs } from '../replication/set-up.ts';
import { stateArgv } from '../replication/state.ts';
import { STREAMED } from '../replication/streamed.ts';
import { destroyArgv, resumeArgv, sendArgv, snapshotArgv } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import { type Dataset, formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import { type Change, PROGRAM, type Premise, programArgv } from '../zfs/program.ts';
import { formatResumeToken } from '../zfs/resume-token.ts';

export interface PlannedProcess {
  readonly argv: readonly string[];
  /** What it reads: the script of a channel program. */
  readonly input?: string;
  /** Present on a filter, which reads what the process before it writes. */
  readonly reads?: 'previous';
}

export interface Plan {
  /** What changes or reads ZFS for the client, in order; looking up state is left out. */
  readonly processes: readonly PlannedProcess[];
  readonly conditions: readonly string[];
}

/** The plan of what `policy` allowed, where the zfs that runs it has `capabilities`. */
export function planOf(policy: Policy, allowed: Allowed, capabilities: Capabilities): Plan {
  const { argvs, conditions } = steps(policy, allowed, capabilities);
  const [binary, filters] = [policy.zfs, allowed.filters];
  const processes: PlannedProcess[] = argvs.map((argv) => ({
    argv: [binary, ...argv],
    ...(argv[0] === 'program' && { input: PROGRAM }),
  }));
  const behind = argvs.findIndex(([verb]) => verb === 'send') + 1;
  const piped = filters.map((argv): PlannedProcess => ({ argv, reads: 'previous' }));
  return {
    processes: [...processes.slice(0, behind), ...piped, ...processes.slice(behind)],
    conditions,
  };
}

interface Steps {
  readonly argvs: readonly (readonly string[])[];
  readonly conditions: readonly string[];
}

function steps(
  { zrep }: Policy,
  { operation, limits, client, sendFlags, reach, alsoExpiring, barred }: Allowed,
  capabilities: Capabilities,
): Steps {
  const { dataset } = operation;
  const madeBy = (tag: Tag) => ({ [initByProperty(tag)]: client.name });
  const underLock = (tag: Tag, work: Steps) => lockedSteps(capabilities, dataset, tag, work);
  const changing = (how: 'at once' | 'calls', tag: Tag, { changes, ...work }: Steps & Changing) =>
    how === 'at once' && capabilities.has('programs')
      ? stepsAtOnce(dataset, tag, zrep.srcHost ?? '<this host>', changes, work)
      : underLock(tag, work);
  switch (operation.kind) {
    case 'snaponly':
      return changing(operation.recursive ? 'calls' : 'at once', operation.tag, {
        changes: [{ does: 'snapshot', target: `${dataset}@${operation.tag}_<next>` }],
        argvs: [snapshotArgv(`${dataset}@${operation.tag}_<next>`, operation.recursive)],
        conditions: [
          ...masterConditions(operation.tag),
          `there are less than ${limits.snapshots} ${operation.tag} snapshots, and less than ${limits.snapshotsPerHour} of the last hour`,
          `of the pool, ${limits.freeSpace.text} is free`,
          ...eachBelow(reach),
          ...(alsoExpiring === undefined
            ? []
            : ['where a limit forbids one more, what zrep expire would destroy has gone first']),
        ],
      });
    case 'init':
      return underLock(operation.tag, {
        argvs: [
          ...pairArgvs(capabilities, operation, zrep.srcHost ?? '<this host>', madeBy(operation.tag)),
          snapshotArgv(`${dataset}@${operation.tag}_000000`, operation.recursive, madeBy(operation.tag)),
        ],
        conditions: [
          `the file system belongs to no other pair with the tag ${operation.tag}, or "${client.name}" set that up and no stream of it has ended well`,
          neverSent(operation.tag),
          `the snapshot is made if there is none with the tag ${operation.tag}, and then only while ${limits.freeSpace.text} of the pool is free`,
          ...eachBelow(reach),
        ],
      });
    case 'uninit':
      return underLock(operation.tag, {
        argvs: [
          destroyArgv(dataset, [`<all that _init of ${client.name} made>`]),
          ...uninitArgvs(dataset, operation.tag),
        ],
        conditions: [
          `"${client.name}" set the pair up with this destination`,
          neverSent(operation.tag),
          'no stream of one has ended well, and none that goes has a hold or a clone',
          ...(reach === 'alone' ? ['it was not set up with -R'] : []),
        ],
      });
    case 'initpull':
    case 'refreshpull': {
      const name = formatZrepSnapshot(operation.snapshot);
      const { token, tag, from } = operation;
      const full = operation.kind === 'initpull';
      const base = full
        ? undefined
        : incrementFrom(tag, from === undefined ? '<last sent>' : `<base ${from}>`);
      const sent = token ? formatZrepSnapshot(token.snapshot) : name;
      const keeps = limits.bookmarks && !operation.recursive && capabilities.has('bookmarks');
      return underLock(tag, {
        argvs: [
          token ? resumeArgv(formatResumeToken(token)) : sendArgv(sendFlags, base, name),
          ...recordArgvs(capabilities, sent, token ? undefined : base?.snapshot, keeps),
        ],
        conditions: [
          ...masterConditions(tag),
          ...(token && full
            ? [
                `the GUID in the token is that of ${sent}, which is not marked ${tag}:sent, whatever the command names and however new it is`,
              ]
            : token
              ? [
                  'the GUIDs in the token are those of this dataset: of a snapshot with this tag, from any of its snapshots or bookmarks',
                ]
              : full
                ? [
                    `${name} exists; if a snapshot is marked ${tag}:sent already, it is the latest one, and not marked`,
                  ]
                : [
                    `${name} is the latest ${tag} snapshot`,
                    from === undefined
                      ? `an older snapshot is marked ${tag}:sent`
                      : `an older snapshot of the dataset, or a bookmark, has the GUID ${from}; from a bookmark it is -i, and never recursive`,
                    ...(tag === 'zrep' && !operation.recursive
                      ? ['it is -i where no snapshot is between']
                      : []),
                  ]),
          ...(full && barred ? [`${neverSent(tag)}; if one is, ${barred.reason}`] : []),
          ...(keeps
            ? [
                `the bookmark is made ${capabilities.has('programs') ? 'with the record' : 'while the stream runs'}, if there is none; older ones of the pair go first`,
              ]
            : []),
        ],
      });
    }
    case 'refreshcomplete': {
      const name = formatZrepSnapshot(operation.snapshot);
      const changes = markChanges(operation, '<record>');
      const streamed = `a stream of ${name} to "${client.name}" has ended well`;
      if (alsoExpiring !== 'alone' || !capabilities.has('programs'))
        return { argvs: callsOf(capabilities, changes), conditions: [streamed] };
      return changing('at once', operation.tag, {
        changes: [...changes, ...expiryAtOnce(dataset)],
        argvs: [],
        conditions: [
          streamed,
          ...expireConditions(operation.tag, limits, capabilities),
          'if another of these does not hold, the snapshot is only marked',
        ],
      });
    }
    case 'expire':
      return changing(reach === 'alone' ? 'at once' : 'calls', operation.tag, {
        changes: expiryAtOnce(dataset),
        argvs: expiry(capabilities, dataset, reach),
        conditions: [
          ...expireConditions(operation.tag, limits, capabilities),
          ...(reach === 'alone'
            ? []
            : [
                'what was made at once goes at once: each dataset below keeps its part by the floors of its own grant',
              ]),
        ],
      });
    case 'state':
      return { argvs: [stateArgv(capabilities, operation)], conditions: ['the dataset exists'] };
    case 'send':
      return { argvs: [sendOperationArgv(operation, sendFlags)], conditions: ['the snapshots exist'] };
    case 'list':
    case 'get':
      return { argvs: [readArgv(operation)], conditions: ['the dataset exists'] };
  }
}

interface Changing {
  readonly changes: readonly Change[];
}

/** What is one change where zfs runs channel programs: the lock is looked at, and not taken. */
function stepsAtOnce(
  dataset: Dataset,
  tag: Tag,
  hostName: string,
  changes: readonly Change[],
  { conditions }: Steps,
): Steps {
  const [lock] = lockPropertyNames(tag);
  const has = (property: string, value?: string): Premise => ({
    holds: 'value',
    target: dataset,
    property,
    value,
  });
  const premises = [has(lock), has(`${tag}:src-host`, hostName), has(`${tag}:master`, 'yes')];
  return { argvs: [programArgv(premises, changes)], conditions: [FREE, AS_READ, ...conditions] };
}

/** In a session the client's mark goes with it. */
function recordArgvs(
  capabilities: Capabilities,
  sent: string,
  base: string | undefined,
  keeps: boolean,
): string[][] {
  const record = recordChange(sent, '<record>');
  if (!keeps) return callsOf(capabilities, [record]);
  const name = `${sent.replace('@', '#')}_<GUID>`;
  const bookmark = { does: 'bookmark', target: name, snapshot: sent } as const;
  if (!capabilities.has('programs')) return callsOf(capabilities, [bookmark, record]);
  const before = { holds: 'value', target: sent, property: STREAMED, value: '<record before>' } as const;
  const same = [sent, ...(base === undefined ? [] : [base])].map(
    (target): Premise => ({ holds: 'guid', target, guid: '<GUID>' }),
  );
  return [programArgv([before, ...same], [record, bookmark])];
}

const AS_READ = 'what that rests on is as it was read, by value and GUID';
const FREE = 'no other zrep holds the lock of the file system';

function lockedSteps(capabilities: Capabilities, dataset: Dataset, tag: Tag, work: Steps): Steps {
  const { argvs, conditions } = work;
  const take = takeArgvs(capabilities, dataset, tag, { pid: '<pid>', time: '<now>' });
  const going = releaseChanges(dataset, tag);
  const release = capabilities.has('programs')
    ? [programArgv([isOurs(dataset, tag, '<pid>')], going)]
    : callsOf(capabilities, going);
  return {
    argvs: [...take, ...argvs, ...release],
    conditions: [FREE, ...conditions],
  };
}

function masterConditions(tag: Tag): string[] {
  return [`${tag}:src-host is this host, and ${tag}:master=yes is set on the file system itself`];
}

/** Where a snapshot is made of all that is below, too. */
function eachBelow(reach: Allowed['reach']): string[] {
  return reach === 'alone' ? [] : ['each dataset below is within the limits of its own grant'];
}

function neverSent(tag: Tag): string {
  return `no snapshot is marked ${tag}:sent`;
}

function expireConditions(
  tag: Tag,
  { keepAtLeast, keepFor, bookmarks }: Allowed['limits'],
  capabilities: Capabilities,
): string[] {
  return [
    ...masterConditions(tag),
    `${tag}:savecount is a whole number of at least 1`,
    'the last sent snapshot, every newer one, and held ones stay',
    `the last sent snapshot and ${keepAtLeast - 1} before it stay, and each until ${keepFor} seconds after a newer one was marked as sent`,
    ...(capabilities.has('bookmarks')
      ? [`the pair's bookmarks go, ${bookmarks ? 'but for the newest ones' : 'since bookmarks = false'}`]
      : []),
  ];
}

function expiryAtOnce(dataset: Dataset): Change[] {
  return [{ does: 'destroy', target: `${dataset}@<each beyond savecount>` }];
}

/** Children first. */
function expiry(capabilities: Capabilities, dataset: Dataset, reach: Allowed['reach']): string[][] {
  const which = capabilities.has('batches') ? 'all' : 'each';
  const own = destroyArgv(dataset, [`<${which} beyond savecount>`]);
  return reach === 'alone' ? [own] : [destroyArgv(`${dataset}/<child>`, [`<${which} of the same run>`]), own];
}
