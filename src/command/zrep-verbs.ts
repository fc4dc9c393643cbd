/**
 * `zrep [-D] [-R] [-t TAG] VERB …`: the server's side of a pull, in every spelling a stock client produces, and of
 * `_init`, `_uninit`, `_initpull`, `_state` and the word `from=`, which only our own client sends.
 *
 * Stock clients repeat `-t TAG`, write `-R` before or behind it, and with `-D` and a ZREP_PATH of two words
 * repeat the program's word; stock servers fail on some of those (zrep issues #79, #18 of the protocol
 * notes), this one does not. `-D` asks a stock server for debugging output and means nothing here.
 */

import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import {
  type Dataset,
  parseDataset,
  parseGuid,
  parseHostName,
  parseTag,
  parseZrepSnapshot,
  type Tag,
  type ZrepSnapshot,
} from '../zfs/names.ts';
import { parseResumeToken } from '../zfs/resume-token.ts';
import type { Expire, Init, Operation, Pull, Refreshcomplete, Snaponly, State, Uninit } from './request.ts';

interface Switches {
  readonly tag: Tag;
  readonly recursive: boolean;
}

const DEFAULT_TAG = 'zrep' as Tag;

type Verb = (switches: Switches, words: readonly string[]) => Operation | Refusal;
const verbs = new Map<string, Verb>([
  ['snaponly', parseSnaponly],
  ['_init', parseInit],
  ['_uninit', parseUninit],
  ['_initpull', (switches, words) => parsePull('initpull', switches, words)],
  ['_refreshpull', (switches, words) => parsePull('refreshpull', switches, words)],
  ['_refreshcomplete', parseRefreshcomplete],
  ['expire', parseExpire],
  ['_state', parseState],
]);

/** The operation that `words`, all that followed the word `program`, stand for. */
export function parseZrep(program: string, words: readonly string[]): Operation | Refusal {
  const head = parseSwitches(program, words);
  if (isRefusal(head)) return head;
  const [name = '', ...rest] = words.slice(head.length);
  const verb = verbs.get(name);
  return verb ? verb(head, rest) : refuse('unknown-verb', 'zrep', name);
}

/** The global switches, and how many words they took. */
function parseSwitches(program: string, words: readonly string[]): (Switches & { length: number }) | Refusal {
  let tag: Tag | undefined;
  let recursive = false;
  let repeated = false;
  let length = 0;
  for (; length < words.length; length += 1) {
    const word = words[length] as string;
    if (word === '-D') continue;
    if (word === '-R') recursive = true;
    else if (word === '-t') {
      length += 1;
      const text = words[length] ?? '';
      const given = parseTag(text);
      if (given === undefined) return refuse('bad-name', 'a zrep tag', text);
      if (tag !== undefined && tag !== given) {
        return refuse('bad-usage', 'zrep -t TAG VERB ...', 'two different tags were given');
      }
      tag = given;
    } else if (word === program && length > 0 && !repeated) repeated = true;
    else break;
  }
  return { tag: tag ?? DEFAULT_TAG, recursive, length };
}

function parseSnaponly({ tag, recursive }: Switches, words: readonly string[]): Snaponly | Refusal {
  if (words.length !== 1)
    return refuse('bad-usage', 'zrep snaponly DATASET', 'exactly one dataset is needed');
  const dataset = datasetFrom(words[0] as string);
  return isRefusal(dataset) ? dataset : { kind: 'snaponly', dataset, tag, recursive };
}

function parseInit({ tag, recursive }: Switches, words: readonly string[]): Init | Refusal {
  const [count = ''] = words.slice(3);
  if (words.length !== 4 || !/^[1-9][0-9]{0,5}$/.test(count)) {
    const problem = 'a dataset, a host, a dataset there, and a number from 1 to 999999 are needed';
    return refuse('bad-usage', 'zrep _init DATASET DESTHOST DESTFS SAVECOUNT', problem);
  }
  const ends = endsFrom(words);
  return isRefusal(ends) ? ends : { kind: 'init', tag, recursive, ...ends, savecount: Number(count) };
}

function parseUninit({ tag, recursive }: Switches, words: readonly string[]): Uninit | Refusal {
  if (words.length !== 3) {
    const problem = 'a dataset, a host, and a dataset there are needed';
    return refuse('bad-usage', 'zrep _uninit DATASET DESTHOST DESTFS', problem);
  }
  const ends = endsFrom(words);
  return isRefusal(ends) ? ends : { kind: 'uninit', tag, recursive, ...ends };
}

/** The two ends of a pair, the first three of `words`. */
function endsFrom(words: readonly string[]): Pick<Init, 'dataset' | 'destHost' | 'destFs'> | Refusal {
  const [name = '', host = '', destination = ''] = words;
  const [dataset, destFs] = [datasetFrom(name), datasetFrom(destination)];
  if (isRefusal(dataset)) return dataset;
  if (isRefusal(destFs)) return destFs;
  const destHost = parseHostName(host);
  if (destHost === undefined) return refuse('bad-name', 'the name of a host', host);
  return { dataset, destHost, destFs };
}

const PULL_USAGE = {
  initpull: 'zrep _initpull DATASET@SNAPSHOT [TOKEN]',
  refreshpull: 'zrep _refreshpull DATASET@SNAPSHOT [TOKEN|from=GUID]',
} as const;

/** No token begins so. */
const FROM = 'from=';

function parsePull(
  kind: Pull['kind'],
  { tag, recursive }: Switches,
  words: readonly string[],
): Pull | Refusal {
  const [name = '', start, ...extra] = words;
  const usage = PULL_USAGE[kind];
  if (words.length === 0 || extra.length > 0)
    return refuse('bad-usage', usage, 'one snapshot is needed, and at most one word behind it');
  const snapshot = snapshotFrom(name, tag);
  if (isRefusal(snapshot)) return snapshot;
  const pull = { kind, dataset: snapshot.dataset, tag, snapshot, recursive, token: undefined };
  if (start === undefined) return pull;
  if (start.startsWith(FROM)) {
    if (kind === 'initpull') return refuse('bad-usage', usage, 'a full stream has no base');
    const from = parseGuid(start.slice(FROM.length));
    return from === undefined ? refuse('bad-name', 'the GUID of a snapshot', start) : { ...pull, from };
  }
  const token = parseResumeToken(start);
  return isRefusal(token) ? token : { ...pull, token };
}

function parseRefreshcomplete({ tag }: Switches, words: readonly string[]): Refreshcomplete | Refusal {
  const usage = `zrep _refreshcomplete DATASET@SNAPSHOT ${tag}:sent=SECONDS [expire]`;
  const [name = '', assignment = '', expire, ...extra] = words;
  if (extra.length > 0) return refuse('bad-usage', usage, 'there are too many words');
  if (expire !== undefined && expire !== 'expire')
    return refuse('bad-usage', usage, 'behind the mark can only stand "expire"');
  const snapshot = snapshotFrom(name, tag);
  if (isRefusal(snapshot)) return snapshot;
  const prefix = `${tag}:sent=`;
  const digits = assignment.startsWith(prefix) ? assignment.slice(prefix.length) : '';
  if (!/^(?:0|[1-9][0-9]{0,11})$/.test(digits)) {
    return refuse('bad-usage', usage, `the only property that can be set is ${tag}:sent, to epoch seconds`);
  }
  return {
    kind: 'refreshcomplete',
    dataset: snapshot.dataset,
    tag,
    snapshot,
    sent: Number(digits),
    ...(expire && { expire: true }),
  };
}

function parseExpire({ tag }: Switches, words: readonly string[]): Expire | Refusal {
  const [local, name = '', ...extra] = words;
  if (local !== '-L' || name === '' || extra.length > 0) {
    return refuse('bad-usage', 'zrep expire -L DATASET', 'expiring is local, and of one dataset');
  }
  const dataset = datasetFrom(name);
  return isRefusal(dataset) ? dataset : { kind: 'expire', dataset, tag };
}

function parseState({ tag, recursive }: Switches, words: readonly string[]): State | Refusal {
  const usage = 'zrep [-R] [-t TAG] _state DATASET';
  if (words.length !== 1) return refuse('bad-usage', usage, 'exactly one dataset is needed');
  const dataset = datasetFrom(words[0] as string);
  return isRefusal(dataset) ? dataset : { kind: 'state', dataset, tag, recursive };
}

function datasetFrom(text: string): Dataset | Refusal {
  // To a stock zrep "all" means every file system; here it would be a pool of that name, which nobody means.
  if (text === 'all')
    return refuse('bad-usage', 'zrep VERB DATASET', '"all" is not offered here; name the dataset');
  return parseDataset(text) ?? refuse('bad-name', 'the name of a dataset', text);
}

function snapshotFrom(text: string, tag: Tag): ZrepSnapshot | Refusal {
  const snapshot = parseZrepSnapshot(text);
  if (snapshot === undefined || snapshot.tag !== tag)
    return refuse('bad-name', `a snapshot DATASET@${tag}_hhhhhh`, text);
  return snapshot;
}
