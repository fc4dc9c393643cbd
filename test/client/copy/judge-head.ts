/** Which streams are let in, by what they say at their head. */

import t from 'tap';
import {
  type Asked,
  basesOf,
  describeText,
  type Head,
  isRaw,
  judgeBegin,
  judgeHead,
  judgePart,
} from '../../../src/client/copy/judge-head.ts';
import { type Begin, RECORD, readRecord } from '../../../src/zfs/stream-head.ts';
import { type NvTree, unpackXdrNvlist } from '../../../src/zfs/xdr-nvlist.ts';
import { type HeadName, recordedHead } from '../../fixtures/zfs/stream-heads.ts';

const PLAIN: Asked = {
  source: 'tank/home',
  snapshot: 'tank/home@zrep_000003',
  recursive: false,
  properties: false,
  holds: false,
  excludes: true,
};

function headOf(name: HeadName): Head {
  const bytes = recordedHead(name);
  const begin = readRecord(bytes) as Begin;
  const payload = bytes.subarray(RECORD, RECORD + begin.payload);
  return { begin, list: begin.package && begin.payload > 0 ? unpackXdrNvlist(payload) : undefined };
}

const judged = (name: HeadName, asked: Partial<Asked> = {}) =>
  judgeHead(headOf(name), { ...PLAIN, ...asked });

t.test('what has no list is let in, whatever was asked for', async (t) => {
  for (const name of ['fuse', 'fuse -I', 'openzfs', 'openzfs -I', 'openzfs -w', 'openzfs -w -I'] as const)
    for (const excludes of [true, false]) t.equal(judged(name, { excludes }), undefined, name);
});

t.test('properties are let in where they were asked for, and can be left out', async (t) => {
  for (const name of ['fuse -p -I', 'openzfs -p -I', 'openzfs -b'] as const) {
    t.match(judged(name), /^carries properties \(.*nobody asked.*ZREP_SEND_FLAGS=-p/, name);
    t.equal(judged(name, { properties: true }), undefined);
    t.equal(judged(name, { properties: true, recursive: true }), undefined);
    t.match(
      judged(name, { properties: true, recursive: true, excludes: false }),
      /the zfs on this host cannot leave out/,
    );
  }
  t.match(judged('fuse -p -I'), /properties \(mountpoint, zrep:savecount, zrep:src-fs, zrep:sent\)/);
  t.match(judged('openzfs -b'), /an empty list/, 'which would take away what is here');
});

t.test('a tree is let in where it was asked for', async (t) => {
  for (const name of ['fuse -R -I', 'openzfs -R -I'] as const) {
    t.match(judged(name), /^is recursive.*of tank(?:-\w+)?\/home, .*\/child\. .*zrep -R refresh/, name);
    t.match(judged(name, { properties: true }), /^is recursive/);
    t.equal(judged(name, { recursive: true }), undefined);
    t.notMatch(judged(name, { excludes: false }), /zrep -R refresh/, 'which would be refused as well');
    t.match(judged(name, { recursive: true, excludes: false }), /cannot leave out/);
  }
});

t.test('one file system is a tree as well, if zfs would take it for one', async (t) => {
  const { begin, list } = headOf('openzfs -p -I');
  const tree = new Map(list as NvTree);
  tree.delete('not_recursive');
  t.match(judgeHead({ begin, list: tree }, { ...PLAIN, properties: true }), /^is recursive/);
  const [[guid, fs]] = [...(tree.get('fss') as NvTree)] as [[string, NvTree]];
  const two = new Map(tree).set('fss', new Map([[guid, fs], ['0x2', fs]])).set('not_recursive', true); // biome-ignore format: a pair a pair
  t.match(judgeHead({ begin, list: two }, { ...PLAIN, properties: true }), /^is recursive/);
});

t.test('holds are let in where they were asked for', async (t) => {
  t.match(judged('openzfs -h', { properties: true }), /^carries holds.*"-p -h"/);
  t.equal(judged('openzfs -h', { properties: true, holds: true }), undefined);
  const { begin, list } = headOf('openzfs -p -I');
  t.match(
    judgeHead({ begin: { ...begin, holds: true }, list }, { ...PLAIN, properties: true }),
    /^carries holds/,
    'also where the record alone says so',
  );
});

t.test('a raw list with a key in a place is never let in', async (t) => {
  t.match(judged('openzfs -w -p', { properties: true }), /keylocation \(file:\/\/\/run\/lab\/key\)/);
  const { begin, list } = headOf('openzfs -w -p');
  const [[guid, fs]] = [...((list as NvTree).get('fss') as NvTree)] as [[string, NvTree]];
  const prompt = new Map(fs).set('props', new Map([['keylocation', 'prompt']]));
  const harmless = new Map(list as NvTree).set('fss', new Map([[guid, prompt]]));
  t.equal(judgeHead({ begin, list: harmless }, { ...PLAIN, properties: true }), undefined);
});

t.test('a list that is not as zfs makes it is not let in', async (t) => {
  const { begin } = headOf('openzfs -p -I');
  const all = { ...PLAIN, recursive: true, properties: true, holds: true };
  t.match(judgeHead({ begin, list: 'broken' }, all), /cannot be read/);
  const fs = (...pairs: [string, NvTree | string][]) =>
    new Map([['fss', new Map([['0x1', new Map<string, NvTree | string>(pairs)]])]]);
  for (const list of [
    new Map(),
    new Map([['fss', 'tank']]),
    new Map([['fss', new Map()]]),
    new Map([['fss', new Map([['0x1', 'tank']])]]),
    fs(['props', new Map()]),
    fs(['name', 'tank'], ['props', 'mountpoint']),
    fs(['name', 'tank'], ['snapprops', new Map([['a', 'b']])]),
  ])
    t.match(judgeHead({ begin, list }, all), /not as zfs makes it/);
});

t.test('what is of another snapshot than the one that was asked for is not read on', async (t) => {
  const { begin } = headOf('fuse -I');
  t.equal(judgeBegin(begin, PLAIN), undefined);
  t.match(
    judgeBegin(begin, { ...PLAIN, snapshot: 'tank/home@zrep_000004' }),
    /^is of "tank\/home@zrep_000003"/,
  );
  t.equal(judgeBegin(begin, { ...PLAIN, snapshot: undefined }), undefined, 'a token says which');
  t.match(
    judgeBegin(begin, { ...PLAIN, source: 'tank', snapshot: undefined }),
    /a snapshot of tank was asked/,
  );
  t.match(
    judgeBegin({ ...begin, toname: '\x1b]0;x@y' }, PLAIN),
    /^is of "\\x1b\]0;x@y"/,
    'and shown as text',
  );
});

t.test('a head is read only as far as one can be', async (t) => {
  const { begin } = headOf('fuse -I');
  t.equal(judgeBegin({ ...begin, payload: 1 << 20 }, PLAIN), undefined);
  t.match(judgeBegin({ ...begin, payload: (1 << 20) + 1 }, PLAIN), /1048577 bytes/);
  t.equal(judgeBegin({ ...begin, payload: 1 << 26 }, { ...PLAIN, recursive: true }), undefined);
  t.match(judgeBegin({ ...begin, payload: 0xffffffff }, { ...PLAIN, recursive: true }), /4294967295 bytes/);
});

t.test('a package without a list is of one file system, and of streams alone', async (t) => {
  const { begin } = headOf('fuse -I');
  const part = { ...begin, package: false, toname: 'tank/home@zrep_000001' };
  t.equal(judgePart(begin, part), undefined);
  t.match(judgePart(begin, { ...part, package: true }), /another package/);
  for (const toname of ['tank/home/child@a', 'tank@a', 'tank/homes@a'])
    t.match(judgePart(begin, { ...part, toname }), /has a stream of/, toname);
  t.match(judgePart(begin, { ...part, payload: 1 << 21 }), /2097152 bytes/);
});

t.test('raw is said by a stream, and by a list', async (t) => {
  for (const name of ['openzfs -w', 'openzfs -w -p'] as const) t.ok(isRaw(headOf(name)), name);
  for (const name of ['openzfs', 'openzfs -p -I', 'openzfs -I'] as const) t.notOk(isRaw(headOf(name)), name);
});

t.test('what is no stream is shown as text, with who says such a thing', async (t) => {
  const old = 'ERROR: unrecognized zrep subcommand _initpull\n\nzrep v2.0.2: a program to replicate';
  t.match(describeText(Buffer.from(old)), /begins with "ERROR: unrecognized .*zrep-gate is needed there$/);
  t.match(describeText(Buffer.from('\x1b[2JWelcome\n')), /begins with "\\x1b\[2JWelcome"\. A banner/);
});

t.test(
  'a stream says by GUID what it goes on from, and a list does so for the file system that was asked for',
  async (t) => {
    const part = (fromguid: string): Head => ({
      begin: { ...headOf('openzfs').begin, fromguid },
      list: undefined,
    });
    t.equal(basesOf(part('4711'), 'tank/home').get(''), '4711');
    t.equal(basesOf(part('0'), 'tank/home').get(''), undefined, 'a full stream goes on from nothing');
    for (const name of ['openzfs -R -I', 'openzfs -p -I', 'fuse -R -I', 'fuse -p -I'] as const) {
      const head = headOf(name);
      const source = head.begin.toname.slice(0, head.begin.toname.indexOf('@'));
      t.match(basesOf(head, source).get(''), /^[1-9]\d+$/, name);
      t.equal(basesOf(head, 'tank/else').get(''), undefined, `${name}: nothing is said of another`);
    }
    t.equal(
      basesOf(headOf('openzfs -I'), 'tank/home').get(''),
      undefined,
      'a package without a list says nothing',
    );
  },
);
