/** Which grants a pool is too full for, and which datasets have all the snapshots that theirs allows. */

import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { judgeFloors, lookAtRoom } from '../../src/doctor/room.ts';
import { findGrant } from '../../src/policy/grants.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import type { Grant } from '../../src/policy/policy.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';
import { someGrants } from '../fixtures/policy/arbitrary.ts';
import { clientOf, policyFrom, policyOf } from '../fixtures/policy/judge.ts';

const NAMES = new Set(['backup1']);
const folder = makeFolder(t);

/** A zfs whose pool has so much free of 100, and these snapshots. */
function zfsWith(free: number, snapshots: readonly string[]): string {
  const script = `#!/bin/sh
for dataset; do :; done
case $1 in
  get) printf '%s\\tavailable\\t${free}\\t-\\n%s\\tused\\t${100 - free}\\t-\\n' "$dataset" "$dataset" ;;
  list)
    for name in ${snapshots.join(' ')}; do
      case $name in "$dataset"@* | "$dataset"/*) echo "$name" ;; esac
    done ;;
esac
`;
  writeFileSync(`${folder}/zfs`, script, { mode: 0o755 });
  return `${folder}/zfs`;
}

async function found(text: string, free: number, snapshots: readonly string[] = []) {
  const policy = { ...(await policyFrom(text)), zfs: zfsWith(free, snapshots) };
  const findings = await lookAtRoom(policy, '/policy', NAMES);
  return findings.map(({ code, where, problem }) => [code, where, problem]);
}

const grant = (dataset: string, keys: string) =>
  `[[client.backup1.grant]]\ndataset = "${dataset}"\noperations = ["pull"]\n${keys}\n`;

t.test('each pool that is too full is told once for each free-space', async (t) => {
  const three = `${grant('tank/a', 'free-space = "3%"')}${grant('tank/b', 'free-space = "3%"')}${grant('pond/c', 'free-space = "1%"')}`;
  t.same(await found(three, 2), [
    ['pool-under-free-space', 'pool tank', 'has 0.00 GiB free of 0.00 GiB, less than free-space = "3%"'],
  ]);
  t.same(await found(three, 3), []);
  t.same(await found(three.replaceAll('"pull"', '"read"'), 0), [], 'who makes no snapshot needs no room');
});

t.test('a dataset that has as many as its own grant allows is told, of each tag by itself', async (t) => {
  const snapshots = [1, 2].flatMap((n) => [`tank/a@zrep_00000${n}`, `tank/a/b@off_00000${n}`]);
  const policy = grant('tank/a', 'subtree = true\ntags = ["zrep", "off"]\nsnapshots = 2\nkeep-at-least = 1');
  t.same(await found(policy, 50, [...snapshots, 'tank/a@by-hand', 'tank/a@zrep_0003']), [
    [
      'snapshots-at-limit',
      '/policy: client.backup1.grant[1]',
      'tank/a has 2 snapshots of the tag zrep, and snapshots = 2',
    ],
    [
      'snapshots-at-limit',
      '/policy: client.backup1.grant[1]',
      'tank/a/b has 2 snapshots of the tag off, and snapshots = 2',
    ],
  ]);
  t.same(await found(policy.replace('snapshots = 2', 'snapshots = 3'), 50, snapshots), []);
});

t.test('a zfs that does not answer is nothing new here', async (t) => {
  const policy = { ...(await policyFrom(grant('tank/a', ''))), zfs: '/nowhere/zfs' };
  t.same(await lookAtRoom(policy, '/policy', NAMES), []);
});

const PLACES = ['tank', 'tank/a', 'tank/a/b', 'tank/ab', 'tank/a/b/z', 'tank/b/a'];

t.test(
  'whatever the grants, each dataset is told by the grant that speaks for it, and by no other',
  async () => {
    const limited = someGrants.map((grants) =>
      grants.map(
        (one, index): Grant => ({
          ...one,
          limits: datasetLimits({ snapshots: 1 + (index % 2), 'free-space': '0%' }, {}),
        }),
      ),
    );
    const zfs = zfsWith(
      50,
      PLACES.map((place) => `${place}@zrep_000001`),
    );
    const all = fc.asyncProperty(limited, async (grants) => {
      const findings = await lookAtRoom({ ...policyOf(grants), zfs }, '/policy', NAMES);
      const told = findings.map(
        ({ where, problem }) => `${where.replace(/.*\[/, '[')} ${problem.split(' ')[0]}`,
      );
      const expected = PLACES.flatMap((place) => {
        const own = findGrant(clientOf(grants), place);
        if (own === undefined) return [];
        const makes = own.operations.includes('pull') || own.operations.includes('init');
        return makes && own.tags.some((tag) => tag === 'zrep') && own.limits.snapshots === 1
          ? [`[${grants.indexOf(own) + 1}] ${place}`]
          : [];
      });
      const others = told.filter((one) => !expected.includes(one));
      // Beyond these only what nobody else speaks for, below a recursive grant.
      const strangers = others.filter(
        (one) => findGrant(clientOf(grants), one.split(' ')[1] as string) !== undefined,
      );
      if (strangers.length > 0 || !expected.every((one) => told.includes(one)))
        throw new Error(`${told.join(', ')} but not ${expected.join(', ')}`);
    });
    await fc.assert(all, { numRuns: 40 });
  },
);

t.test('a limit that the floors fill is told of each grant that makes snapshots', async (t) => {
  const policy = await policyFrom(
    `${grant('tank/a', 'snapshots = 5')}${grant('tank/b', 'snapshots = 6')}${grant('tank/c', 'snapshots = 1').replace('"pull"', '"send"')}`,
  );
  t.match(judgeFloors(policy, '/policy', NAMES), [
    {
      code: 'limit-below-floor',
      where: '/policy: client.backup1.grant[1]',
      remedy: { lines: ['snapshots = 10'] },
    },
  ]);
  t.same(judgeFloors(policy, '/policy', new Set()), []);
});
