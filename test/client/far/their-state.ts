/** What a gate answers to `zrep _state`, which a hostile fileserver may have made up. */

import fc from 'fast-check';
import t from 'tap';
import { parseState } from '../../../src/client/far/their-state.ts';
import { isListedName, parseDataset } from '../../../src/zfs/names.ts';

const PLACE = { guid: '11', createtxg: '5', creation: '1800000000' };
const STATE = {
  version: 1,
  host: 'fileserver',
  dataset: 'tank/home',
  tag: 'zrep',
  type: 'filesystem',
  guid: '7',
  encryption: 'off',
  keystatus: null,
  refused: null,
  properties: {
    master: { value: 'yes', source: 'local' },
    'src-fs': { source: 'inherited' },
    'dest-fs': { value: 'vault/home', source: 'received' },
  },
  snapshots: [{ name: 'zrep_000001', ...PLACE, sent: '1800000001', source: 'local' }],
  bookmarks: [{ name: 'old', ...PLACE }],
};
const parse = (state: unknown) => parseState(JSON.stringify(state), 'tank/home', 'zrep');

t.test('all of it is a listing, as zfs would print one', async (t) => {
  const { listing, refused } = parse(STATE) ?? {};
  t.equal(refused, undefined);
  const own = listing?.get('tank/home');
  t.same(own?.get('zrep:master'), { value: 'yes', source: 'local' });
  t.same(own?.get('zrep:src-fs'), { value: '-', source: 'inherited' });
  t.same(own?.get('zrep:dest-fs'), { value: 'vault/home', source: 'received' });
  t.same(own?.get('keystatus'), undefined);
  t.same(listing?.get('tank/home@zrep_000001')?.get('zrep:sent'), { value: '1800000001', source: 'local' });
  t.same(listing?.get('tank/home@zrep_000001')?.get('guid'), { value: '11', source: '-' });
  t.same(listing?.get('tank/home#old')?.get('createtxg'), { value: '5', source: '-' });
});

t.test('a refusal comes with its code, in one printable line', async (t) => {
  const { refused } = parse({ ...STATE, refused: { code: 'not-master', reason: 'a\u001b[2Jb' } }) ?? {};
  t.equal(refused?.code, 'not-master');
  t.notOk(refused?.reason.includes('\u001b'));
});

t.test('what is not of that kind is nothing', async (t) => {
  for (const other of [
    {},
    [],
    null,
    { ...STATE, version: 2 },
    { ...STATE, snapshots: 'all' },
    { ...STATE, refused: { code: 'rm -rf /', reason: '' } },
    { ...STATE, snapshots: [{ name: 'x', ...PLACE, guid: '-1' }] },
  ])
    t.equal(parse(other), undefined, JSON.stringify(other));
  t.equal(parseState('{"version":1', 'tank/home', 'zrep'), undefined);
});

t.test('what is below is in the listing, where the gate told of it', async (t) => {
  const child = { name: '/c', type: 'filesystem', guid: '9', encryption: 'off', keystatus: null };
  const below = [{ ...child, snapshots: [{ name: 'zrep_000001', ...PLACE }] }];
  const { listing, isWhole } = parse({ ...STATE, below }) ?? {};
  t.equal(isWhole, true);
  t.equal(listing?.get('tank/home/c')?.get('encryption')?.value, 'off');
  t.equal(listing?.get('tank/home/c@zrep_000001')?.get('guid')?.value, '11');
  t.equal(parse(STATE)?.isWhole, false);
  t.equal(parse({ ...STATE, below: [{ ...child, name: 'c', snapshots: [] }] }), undefined, 'not below');
  for (const name of ['/', '/../x', '/c@x', '/c;reboot', '//c'])
    t.equal(parse({ ...STATE, below: [{ ...child, name, snapshots: [] }] })?.listing.size, 3, name);
});

t.test('a name that is none is left out, whatever it is', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (name) => {
      const place = { name, ...PLACE };
      const { listing } = parse({ ...STATE, snapshots: [place], bookmarks: [place] }) ?? {};
      return [...(listing?.keys() ?? [])].every((key) =>
        key.includes('@') || key.includes('#') ? isListedName(key) : parseDataset(key) !== undefined,
      );
    }),
    { numRuns: 500 },
  );
});
