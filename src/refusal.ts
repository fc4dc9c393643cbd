/**
 * Every reason there is for not doing what a client asked: one closed set of codes, one sentence each.
 *
 * A refusal is a value, never an exception: it is what a client can cause. Codes are stable (logs and
 * monitoring match on them); sentences are for people. Nothing of the client's enters a sentence except
 * through `quote`, so neither a terminal nor a log line can be forged with one.
 */

import { quote } from './printable.ts';

export interface Refusal {
  readonly refused: RefusalCode;
  /** One sentence for the person at the other end; printable ASCII. */
  readonly reason: string;
  /** More, for the fileserver's log alone: what the other end has no business to know. */
  readonly detail?: string;
  /** How many snapshots were destroyed before it came to this. */
  readonly destroyed?: number;
}

/** True for a refusal, whatever else the value could have been. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}

const sentences = {
  // What was sent is not a command of ours.
  'empty-command': () => 'no command was sent; this key runs zrep and zfs send commands, not a shell',
  'too-long': (length: number, limit: number) =>
    `the command has ${length} characters, more than the ${limit} allowed`,
  unprintable: () => 'the command has a character outside printable ASCII',
  'not-understood': () => 'the command has shell syntax, or a character that no zrep command needs',
  'unknown-program': (word: string) => `${quote(word)} is neither zrep nor zfs`,
  'unknown-verb': (program: string, verb: string) => `${program} ${quote(verb)} is not offered here`,
  'bad-usage': (usage: string, problem: string) => `${problem}; the form is: ${usage}`,
  'bad-name': (kind: string, text: string) => `${quote(text)} is not ${kind}`,
  'not-in-session': (kind: string) =>
    `${quote(kind)} is not answered in a session, or not at this length: send it by itself`,
  'bad-token': (problem: string) => `the resume token is not usable: ${problem}`,

  // The policy does not allow it.
  'unknown-client': (client: string) => `the policy has no client ${quote(client)}`,
  'wrong-address': () => 'this client may not connect from this address',
  // One sentence for both: who asks must not learn which datasets exist.
  'not-granted': (dataset: string) => `${quote(dataset)} is not granted to this client, or does not exist`,
  'operation-not-granted': (operation: string) =>
    `the grant for this dataset does not include ${quote(operation)}`,
  'tag-not-granted': (tag: string) =>
    `the grant for this dataset does not include the zrep tag ${quote(tag)}`,
  'recursive-not-granted': () =>
    'the grant for this dataset does not allow recursive streams (recursive = true)',
  'recursive-crosses-grant': () =>
    'a recursive stream would carry datasets below this one that are excepted or granted differently',
  'properties-not-granted': () => 'the grant for this dataset does not allow -p or -b (properties = true)',
  'raw-forbidden': () => 'the grant for this dataset forbids raw sends (raw = "forbidden")',
  'raw-required': () => 'the grant for this dataset allows raw sends only: add -w',
  'resume-not-granted': () => 'the grant for this dataset does not allow resume tokens (resume = true)',
  'filter-not-granted': (name: string) => `the filter ${quote(name)} is not granted for this dataset`,
  'filter-arguments': (name: string, known: string) =>
    `the filter ${quote(name)} is allowed, but not with these arguments; allowed are: ${known}`,
  'property-not-readable': (property: string) =>
    `the property or column ${quote(property)} is not readable through the gate`,
  'names-other-datasets': () =>
    'the output could name datasets that are not granted; for snapshots use -t snapshot -d 1 -r DATASET',
  'mark-out-of-range': (days: number) =>
    `a sent mark must lie between ${days} days ago and a day ahead; check this host's clock`,

  // One more would be too many. Each names its key in the policy.
  'too-many-sessions': (limit: number) =>
    `this client has ${limit} commands at work already, which is all it may (sessions = ${limit}); try again when one has ended`,
  'too-many-open-sessions': (limit: number, sessions: number) =>
    `this client has ${limit} sessions open already, which is half of the commands that it may have at work (sessions = ${sessions}); send commands by themselves`,
  'too-many-streams': (limit: number) =>
    `this client has ${limit} streams running already, which is all it may (streams = ${limit}); try again when one has ended`,
  'too-many-streams-of-dataset': (dataset: string, limit: number) =>
    `this client has ${limit} streams of ${dataset} running already, which is all it may (streams-per-dataset = ${limit}); try again when one has ended`,
  // Behind these three stands what makes room: replication/way-out.ts.
  'too-many-snapshots': (dataset: string, number: number, limit: number) =>
    `${dataset} has ${counted(number, 'snapshot')} of this tag, and its grant allows ${limit} (snapshots = ${limit})`,
  'snapshots-too-often': (dataset: string, limit: number, minutes: number) =>
    `${dataset} got ${counted(limit, 'snapshot')} in the last hour, and its grant allows no more (snapshots-per-hour = ${limit}); try again in ${counted(minutes, 'minute')}`,
  'pool-full': (pool: string, least: string) =>
    `the pool ${pool} has less free than a new snapshot needs (free-space = "${least}")`,
  stalled: (seconds: number) =>
    `nobody read the output for ${seconds} seconds (stall-seconds = ${seconds}), so the gate ended it; look what keeps its reader (of a stream: zfs receive), and try again`,

  // Only running it could tell.
  'lock-busy': (host: string, pid: number) =>
    `the file system is locked by another zrep (pid ${pid} on ${host}); try again later`,
  'global-lock-busy': (host: string, path: string, holder: string, remove: string) =>
    `another zrep on ${host} holds ${path} (${holder}); if no zrep runs there, run on ${host}: ${remove}`,
  'not-master': (host: string, local: string) =>
    `the fileserver is not the zrep master of this file system (master is ${quote(host)}, this host is ${quote(local)})`,
  'not-marked-master': (property: string) =>
    `this file system has no local ${property}=yes on the fileserver, so it may be the backup of another; see zrep failover and takeover`,
  'never-sent': (tag: string) =>
    `no snapshot of this file system is marked as sent, so there is nothing to increment from; run ${zrepOf(tag)} init again, or ${zrepOf(tag)} sentsync on the fileserver`,
  'already-initialized': (dataset: string, mend: string) =>
    `a snapshot of ${dataset} is marked as sent already, so it has a backup to refresh; if that is lost, begin anew on the backup server (zrep init --pull --anew), or run on the fileserver: ${mend}`,
  'configured-otherwise': (dataset: string, property: string, mend: string) =>
    `${dataset} belongs to another pair by its ${property}; if that pair is no more, run on the fileserver: ${mend}`,
  'not-set-up': (dataset: string) =>
    `${dataset} is not set up with this tag, so there is nothing to take back`,
  'set-up-by-other': (dataset: string, mend: string) =>
    `no set-up of ${dataset} by this client is on record, so it cannot take one back; if that pair is no more, run on the fileserver: ${mend}`,
  'already-streamed': (snapshot: string, mend: string) =>
    `a stream of ${snapshot} has ended well, so a copy may have it, and the set-up is not taken back; complete it (zrep init --pull), or, if there is no copy, run on the fileserver: ${mend}`,
  'set-up-recursive': (dataset: string) =>
    `the snapshots of this set-up are below ${dataset} as well, since it was made with -R; take it back with -R`,
  'snapshot-held': (snapshot: string) =>
    `${snapshot} has a hold, so the set-up is not taken back; on the fileserver, see: zfs holds ${snapshot}`,
  'not-latest': (snapshot: string, latest: string) =>
    `${snapshot} is not the latest zrep snapshot, ${latest} is; refresh again`,
  'already-sent': (snapshot: string) =>
    `${snapshot} is itself marked as sent, so there is nothing to stream; refresh again`,
  'no-such-snapshot': (snapshot: string) => `${snapshot} does not exist`,
  'no-such-base': (problem: string) => `no increment can begin with the GUID behind from=: ${problem}`,
  'bad-savecount': (property: string, value: string) =>
    `${property} is ${quote(value)}, not a whole number of at least 1; set it on the fileserver with zfs set`,
  'sequence-exhausted': (dataset: string) => `${dataset} has used up its zrep snapshot numbers (ffffff)`,
  'not-streamed': (snapshot: string) =>
    `no stream of ${snapshot} to this client has ended well, so it cannot be marked as sent: refresh again (a stock "zrep refresh -r" marks a snapshot that it did not receive)`,
  'changed-meanwhile': (snapshot: string) =>
    `${snapshot} is not the snapshot any more that it was when the stream was decided on; what was received is not to be trusted: refresh again`,
  'key-not-loaded': (dataset: string) =>
    `the key of ${dataset} is not loaded, so only a raw stream can be sent; on the fileserver, load it (zfs load-key -r $(zfs get -H -o value encryptionroot ${dataset})), or send raw (raw = "required" in the grant, and a copy that was begun raw)`,
  'token-mismatch': (problem: string) => `the resume token does not belong to this file system: ${problem}`,

  // The installation does not stand.
  'policy-broken': () =>
    'the policy is not usable, so nothing is allowed; on the fileserver, run: zrep-gate check',
  'limits-unavailable': (path: string) =>
    `how much is at work cannot be counted, since ${path} on the fileserver is not a folder that can be written to; see zrep.rundir in the policy`,
  'audit-unavailable': () =>
    'the audit record could not be written, and the policy requires one (audit.required)',
} as const;

function zrepOf(tag: string): string {
  return tag === 'zrep' ? 'zrep' : `zrep -t ${tag}`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

type Sentences = typeof sentences;
export type RefusalCode = keyof Sentences;

/** All codes, for documentation and tests. */
export const refusalCodes = Object.keys(sentences) as RefusalCode[];

/** A refusal with this code; the arguments are those of its sentence. */
export function refuse<Code extends RefusalCode>(code: Code, ...facts: Parameters<Sentences[Code]>): Refusal {
  const sentence = sentences[code] as (...facts: unknown[]) => string;
  return { refused: code, reason: sentence(...facts) };
}
