/** Which granted datasets nobody pulls. */

import fc from 'fast-check';
import t from 'tap';
import { notBackedUp, tellNotBackedUp } from '../../src/doctor/not-backed-up.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { policyFrom } from '../fixtures/policy/judge.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const PAIR = 'zrep:master=yes zrep:src-host=fileserver';
/** What lies below a pair inherits its properties. */
const CHILD = 'zrep:master=yes<inherited zrep:src-host=fileserver<inherited';
const BIG = 'referenced=9000000';

async function found(listing: string, keys = 'subtree = true', more = '', operations = '"pull", "init"') {
  const text = `[[client.backup1.grant]]\ndataset = "tank/home"\noperations = [${operations}]\n${keys}\n${more}`;
  const client = (await policyFrom(text)).clients.get('backup1');
  const [grant] = client?.grants ?? [];
  if (client === undefined || grant === undefined) throw new Error('no grant');
  return notBackedUp(listingOf(listing), client, grant, 'fileserver');
}

t.test('a file system beside pairs is told, and what only holds pairs together is not', async (t) => {
  const listing = `
    tank/home referenced=90000
    tank/home/a ${PAIR} ${BIG}
    tank/home/new ${BIG}`;
  t.same(await found(listing), ['tank/home/new']);
  t.same(await found(listing, 'subtree = true\nexcept = ["tank/home/new"]'), []);
  t.same(await found(listing.replace('referenced=90000', BIG)), ['tank/home', 'tank/home/new']);
  const other = '[[client.backup1.grant]]\ndataset = "tank/home/new"\noperations = ["read"]';
  t.same(await found(listing, 'subtree = true', other), [], 'another grant speaks for it');
});

t.test('the line for the backup server has the name that the policy has for this host', async (t) => {
  const grant = { tags: ['off' as Tag], except: [] };
  t.equal(
    tellNotBackedUp(['tank/home/new'], grant, 'policy.toml', 'nas').remedy.lines[0],
    'zrep -t off init --pull nas:tank/home/new POOL/DATASET',
  );
});

t.test('a child of a pair is told once the pair was sent without it', async (t) => {
  const listing = (child: string, more = '') => `
    tank/home ${PAIR} createtxg=1
    tank/home@zrep_000001 createtxg=10 zrep:sent=5
    tank/home@zrep_000002 createtxg=30
    tank/home/x ${CHILD} ${child}
    ${more}`;
  t.same(await found(listing('createtxg=5')), ['tank/home/x']);
  t.same(await found(listing('createtxg=5', 'tank/home/x@zrep_000001 createtxg=10')), []);
  t.same(await found(listing('createtxg=20')), [], 'it may come with the next');
  t.same(await found(listing('createtxg=5'), 'recursive = true'), ['tank/home/x']);
});

t.test('copies of others, and pairs under any of its tags, are none of it', async (t) => {
  t.same(await found(`tank/home zrep:dest-fs=tank/home<received ${BIG}`), []);
  const off = `tank/home ${PAIR.replaceAll('zrep:', 'off:')} ${BIG}`;
  t.same(await found(off), ['tank/home']);
  const withoutInit = async (text: string) => await found(text, 'subtree = true', '', '"pull"');
  t.same(await withoutInit(off), [], 'that there is no pair at all is another finding');
  t.same(await found(off, 'subtree = true\ntags = ["zrep", "off"]'), []);
  t.same(await found(`tank/home ${PAIR.replace('fileserver', 'elsewhere')}`), ['tank/home']);
});

t.test('no pair is ever told', async () => {
  const name = fc.constantFrom('tank/home', 'tank/home/a', 'tank/home/b', 'tank/home/a/c');
  const rows = fc.uniqueArray(fc.record({ name, pair: fc.boolean() }), { selector: (row) => row.name });
  await fc.assert(
    fc.asyncProperty(rows, async (all) => {
      const text = all.map((row) => `${row.name} ${row.pair ? PAIR : ''} ${BIG} createtxg=1`).join('\n');
      const told = await found(text);
      return all.every((row) => !row.pair || !told.includes(row.name));
    }),
    { numRuns: 50 },
  );
});
