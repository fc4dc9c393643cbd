/** What streams begin with, as zfs-fuse and OpenZFS send it. */

import fc from 'fast-check';
import t from 'tap';
import { type Begin, RECORD, readRecord } from '../../src/zfs/stream-head.ts';
import { HEAD_NAMES, type HeadName, recordedHead } from '../fixtures/zfs/stream-heads.ts';

const TOLD: Readonly<Record<HeadName, Omit<Begin, 'toname'>>> = {
  'fuse': { package: false, payload: 0, raw: false, holds: false, fromguid: '0' },
  'fuse -I': { package: true, payload: 0, raw: false, holds: false, fromguid: '0' },
  'fuse -p -I': { package: true, payload: 1100, raw: false, holds: false, fromguid: '0' },
  'fuse -R -I': { package: true, payload: 1696, raw: false, holds: false, fromguid: '0' },
  'openzfs': { package: false, payload: 0, raw: false, holds: false, fromguid: '0' },
  'openzfs -I': { package: true, payload: 0, raw: false, holds: false, fromguid: '0' },
  'openzfs -p -I': { package: true, payload: 848, raw: false, holds: false, fromguid: '0' },
  'openzfs -R -I': { package: true, payload: 1452, raw: false, holds: false, fromguid: '0' },
  'openzfs -b': { package: true, payload: 512, raw: false, holds: false, fromguid: '0' },
  'openzfs -h': { package: true, payload: 636, raw: false, holds: true, fromguid: '0' },
  'openzfs -w': { package: false, payload: 1028, raw: true, holds: false, fromguid: '0' },
  'openzfs -w -I': { package: true, payload: 0, raw: false, holds: false, fromguid: '0' },
  'openzfs -w -p': { package: true, payload: 624, raw: false, holds: false, fromguid: '0' },
}; // biome-ignore format: one table

/** The same record as a machine of the other byte order sends it. */
function swapped(record: Buffer): Buffer {
  const bytes = Buffer.from(record);
  for (const at of [0, 4, 32, 36]) bytes.subarray(at, at + 4).swap32();
  for (const at of [8, 16, 24, 40, 48]) bytes.subarray(at, at + 8).swap64();
  return bytes;
}

t.test('a recorded head tells what it is, in both byte orders', async (t) => {
  for (const name of HEAD_NAMES) {
    const bytes = recordedHead(name);
    const begin = readRecord(bytes) as Begin;
    t.match(begin, TOLD[name], name);
    t.match(begin.toname, /^tank(?:-\w+)?\/(?:home|secret)@zrep_00000\d$/);
    t.same(readRecord(swapped(bytes)), begin);
  }
});

t.test('a package begins with its list and an end, and ends with an end', async (t) => {
  for (const name of HEAD_NAMES) {
    const bytes = recordedHead(name);
    const begin = readRecord(bytes) as Begin;
    if (!begin.package) continue;
    const end = bytes.subarray(RECORD + begin.payload);
    t.equal(readRecord(end), 'end', name);
    t.equal(readRecord(swapped(end.subarray(0, RECORD))), 'end');
  }
  t.equal(readRecord(recordedHead('fuse -I').subarray(-RECORD)), 'end');
});

t.test('a record that differs in what makes it one is none', async (t) => {
  const good = recordedHead('openzfs');
  const wrong: Record<string, (bytes: Buffer) => void> = {
    'another magic number': (bytes) => bytes.writeUInt8(0, 8),
    'another type of record': (bytes) => bytes.writeUInt8(3, 0),
    'neither stream nor package': (bytes) => bytes.writeUInt8(bytes.readUInt8(16) & ~3, 16),
    both: (bytes) => bytes.writeUInt8(bytes.readUInt8(16) | 3, 16),
    'a name without a snapshot': (bytes) => bytes.fill(0, 56).write('tank/home', 56),
    'a name of a snapshot alone': (bytes) => bytes.fill(0, 56).write('@zrep_000001', 56),
    'two snapshots': (bytes) => bytes.fill(0, 56).write('tank@a@b', 56),
    'a name without an end': (bytes) => bytes.fill('a', 56).write('tank@a', 56),
  };
  t.ok(readRecord(good));
  for (const [what, change] of Object.entries(wrong)) {
    const bytes = Buffer.from(good);
    change(bytes);
    t.equal(readRecord(bytes), undefined, what);
  }
  t.equal(readRecord(good.subarray(0, RECORD - 1)), undefined, 'cut off');
  t.equal(readRecord(Buffer.from('usage: zrep '.repeat(40))), undefined, 'text');
});

t.test('random bytes throw nothing', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 300, maxLength: 320 }), (bytes) => {
      readRecord(Buffer.from(bytes));
    }),
  );
});
