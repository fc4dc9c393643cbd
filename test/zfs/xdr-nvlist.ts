/** The lists that packages of streams have, as zfs-fuse and OpenZFS send them. */

import fc from 'fast-check';
import t from 'tap';
import { type Begin, RECORD, readRecord } from '../../src/zfs/stream-head.ts';
import { type NvTree, unpackXdrNvlist } from '../../src/zfs/xdr-nvlist.ts';
import { HEAD_NAMES, type HeadName, recordedHead } from '../fixtures/zfs/stream-heads.ts';

function packed(name: HeadName): Buffer {
  const bytes = recordedHead(name);
  return bytes.subarray(RECORD, RECORD + (readRecord(bytes) as Begin).payload);
}

/** As plain objects, for comparing. */
function plain(tree: NvTree | undefined): unknown {
  if (!(tree instanceof Map)) return tree;
  return Object.fromEntries([...tree].map(([name, value]) => [name, plain(value as NvTree)]));
}

t.test("a package's list is read whole", async (t) => {
  t.same(plain(unpackXdrNvlist(packed('openzfs -w -p'))), {
    tosnap: 'zrep_000000',
    not_recursive: true,
    raw: true,
    fss: {
      '0xc4e009f07d7fa620': {
        name: 'tank-e7f48c6d/secret',
        parentfromsnap: 0n,
        props: { keylocation: 'file:///run/lab/key' },
        is_encroot: true,
        snaps: { zrep_000000: 17647732959014423233n },
        snapprops: { zrep_000000: {} },
      },
    },
  });
  t.match(plain(unpackXdrNvlist(packed('fuse -p -I'))), {
    fromsnap: 'zrep_000000',
    fss: { '0xed7c8396fc818085': { props: { mountpoint: '/srv/xx', 'zrep:savecount': '5' } } },
  });
});

t.test('cut anywhere, or longer, it is none', async (t) => {
  const whole = packed('openzfs -R -I');
  for (let length = 0; length < whole.length; length += 1)
    if (unpackXdrNvlist(whole.subarray(0, length)) !== undefined) t.fail(`cut at ${length}`);
  t.equal(unpackXdrNvlist(Buffer.concat([whole, Buffer.alloc(4)])), undefined);
  t.ok(unpackXdrNvlist(whole));
});

t.test('what would be read as two things is none', async (t) => {
  const pair = (name: string, type: number, value: Buffer) => {
    const text = Buffer.alloc(4 + Math.ceil(name.length / 4) * 4);
    text.writeUInt32BE(name.length, 0);
    text.write(name, 4);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + text.length + 8 + value.length, 0);
    head.writeUInt32BE(64, 4);
    const kind = Buffer.alloc(8);
    kind.writeUInt32BE(type, 0);
    return Buffer.concat([head, text, kind, value]);
  };
  const list = (...pairs: Buffer[]) =>
    Buffer.concat([
      Buffer.from('0101000000000000', 'hex'),
      Buffer.from('00000001', 'hex'),
      ...pairs,
      Buffer.alloc(8),
    ]);
  const [flag, number] = [pair('raw', 1, Buffer.alloc(0)), pair('raw', 8, Buffer.alloc(8))];
  t.same(plain(unpackXdrNvlist(list(flag))), { raw: true });
  t.same(plain(unpackXdrNvlist(list(number))), { raw: 0n });
  t.same(
    plain(unpackXdrNvlist(list(pair('some', 20, Buffer.alloc(12))))),
    { some: undefined },
    'of another type',
  );
  t.equal(unpackXdrNvlist(list(flag, number)), undefined, 'one name twice');
  t.equal(unpackXdrNvlist(list(pair('raw', 1, Buffer.alloc(4)))), undefined, 'a flag with a value');
  t.equal(unpackXdrNvlist(list(pair('raw', 8, Buffer.alloc(4)))), undefined, 'half a number');
  t.equal(
    unpackXdrNvlist(list(pair('raw', 9, Buffer.from('000000ff', 'hex')))),
    undefined,
    'a text beyond its pair',
  );
  t.equal(unpackXdrNvlist(list(pair('raw', 19, Buffer.alloc(12)))), undefined, 'a list beyond its pair');
  const short = list(flag);
  short.writeUInt32BE(4, 12);
  t.equal(unpackXdrNvlist(short), undefined, 'a pair shorter than itself');
  t.equal(unpackXdrNvlist(Buffer.concat([Buffer.from([0]), list(flag).subarray(1)])), undefined, 'not XDR');
});

t.test('lists in lists have an end', async (t) => {
  let inner = Buffer.alloc(16);
  for (let depth = 0; depth < 20; depth += 1) {
    const head = Buffer.from('0000000000000040' + '00000001' + '61000000' + '00000013' + '00000001', 'hex');
    head.writeUInt32BE(head.length + inner.length, 0);
    inner = Buffer.concat([Buffer.alloc(8), head, inner, Buffer.alloc(8)]);
  }
  t.equal(unpackXdrNvlist(Buffer.concat([Buffer.from('01010000', 'hex'), inner])), undefined);
});

t.test('with any byte changed, and at random, it throws nothing', async () => {
  for (const name of HEAD_NAMES) {
    const whole = packed(name);
    for (let at = 0; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0xff;
      unpackXdrNvlist(bytes);
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      unpackXdrNvlist(Buffer.concat([Buffer.from('0101000000000000', 'hex'), Buffer.from(bytes)]));
    }),
  );
});
