/** One more snapshot where a limit forbids it: what is due expires first, and what is said where that is not enough. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import type { Allowed } from '../../src/policy/decide.ts';
import type { Ended } from '../../src/process/pipeline.ts';
import { type Refusal, refuse } from '../../src/refusal.ts';
import { snaponly } from '../../src/replication/snaponly.ts';
import { type Attempt, withWayOut } from '../../src/replication/way-out.ts';
import { isSound } from '../fixtures/command/texts.ts';
import { judge, policyFrom } from '../fixtures/policy/judge.ts';
import { type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/snaponly-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

/** Long before now, so that no hour's limit and no floor in time keeps anything. */
const PAST = 1_700_000_000;

/** tank/home with so many snapshots, of which those at these places were sent. */
function home(count: number, sent: readonly number[], savecount = 1): PretendZfs {
  const zfs = pretendZfs({ savecount, now: () => PAST });
  for (let number = 0; number < count; number += 1) {
    const name = `tank/home@zrep_00000${number}`;
    zfs.snapshot(name);
    if (sent.includes(number)) zfs.set(name, 'zrep:sent', String(PAST));
  }
  return zfs;
}

/** What a client with these `operations` is answered that asks for one more, under these limits. */
async function oneMore(zfs: PretendZfs, limits: string, operations = '"pull", "expire"') {
  const policy = await policyFrom(`[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = [${operations}]
keep-at-least = 1
keep-for = "0 seconds"
${limits}`);
  const allowed = judge(policy, 'zrep snaponly tank/home') as Allowed;
  if (allowed.operation.kind !== 'snaponly') throw new Error(allowed.operation.kind);
  const { operation, reach, alsoExpiring } = allowed;
  return snaponly(zfs.step(rundir), operation, allowed.limits, reach, alsoExpiring);
}

/** A pool that has more free for each snapshot that is gone. */
function fill(zfs: PretendZfs, free: () => number): void {
  const tank = zfs.objects.get('tank') as Map<string, { value: string; source: string }>;
  const get = tank.get.bind(tank);
  tank.get = (property) =>
    property === 'available' ? { value: String(free()), source: '-' } : get(property);
}

t.test('where the number forbids one more, what is due goes, and the snapshot is made', async (t) => {
  const zfs = home(4, [0, 1, 2, 3], 2);
  t.same(await oneMore(zfs, 'snapshots = 4'), {
    print: 'tank/home@zrep_000004',
    facts: { snapshot: 'tank/home@zrep_000004', destroyed: 2 },
  });
  t.same(zfs.snapshots(), ['zrep_000002', 'zrep_000003', 'zrep_000004']);
});

t.test('where the pool is full, likewise', async (t) => {
  const zfs = home(4, [0, 1, 2, 3]);
  fill(zfs, () => (zfs.snapshots().length > 1 ? 0 : 50 << 20));
  t.match(await oneMore(zfs, 'free-space = "2%"'), { facts: { destroyed: 3 } });
  t.same(zfs.snapshots(), ['zrep_000003', 'zrep_000004']);
});

t.test('where nothing forbids one more, nothing goes', async (t) => {
  const zfs = home(4, [0, 1, 2, 3]);
  t.same((await oneMore(zfs, 'snapshots = 5')) as object, {
    print: 'tank/home@zrep_000004',
    facts: { snapshot: 'tank/home@zrep_000004' },
  });
  t.equal(zfs.snapshots().length, 5);
});

t.test(
  'what is destroyed is what the client could have had destroyed, and nothing without that',
  async (t) => {
    const zfs = home(4, [0, 1, 2, 3]);
    t.same(await oneMore(zfs, 'snapshots = 4', '"pull"'), {
      refused: 'too-many-snapshots',
      reason:
        'tank/home has 4 snapshots of this tag, and its grant allows 4 (snapshots = 4); ' +
        'the gate expired nothing, since the grant has no "expire" in its operations; ' +
        'in the policy, allow "expire", or raise "snapshots"',
    });
    t.equal(zfs.snapshots().length, 4);
  },
);

t.test('it is said why nothing went, and what makes room', async (t) => {
  const none = home(3, [2], 3);
  t.match(await oneMore(none, 'snapshots = 3'), {
    refused: 'too-many-snapshots',
    reason: /; none is due to expire: savecount, .* keep them; in the policy, raise "snapshots"$/,
    destroyed: 0,
  });
  t.match(await oneMore(home(3, []), 'snapshots = 3'), {
    reason: /; the gate could expire nothing \(no snapshot is marked as sent\); /,
  });
  const full = home(4, [0, 1, 2, 3]);
  fill(full, () => 0);
  t.match(await oneMore(full, 'free-space = "2%"'), {
    refused: 'pool-full',
    reason:
      'the pool tank has less free than a new snapshot needs (free-space = "2%"); ' +
      'the gate expired 3 snapshots, which was not enough; retry in a minute, since zfs frees space little by little; ' +
      'on the fileserver, see what uses the space: zfs list -r -o space tank',
    destroyed: 3,
  });
  t.same(full.snapshots(), ['zrep_000003'], 'and what is due has gone all the same');
});

const ended: Ended = { code: 1, signal: null, message: "cannot destroy 'tank/secret/clone'\n" };

t.test('what zfs could not destroy is counted, and named in the log alone', async (t) => {
  const attempt = { destroyed: 0, left: [{ snapshot: 'tank/home@zrep_000000', ended }] };
  const { reason, detail } = withWayOut(refuse('pool-full', 'tank', '2%'), 'tank/home', attempt);
  t.match(reason, '; zfs could not destroy 1, and the log has why; ');
  t.notMatch(reason, 'secret');
  t.equal(detail, "tank/home@zrep_000000: cannot destroy 'tank/secret/clone'");
});

const someAttempt: fc.Arbitrary<Attempt> = fc.oneof(
  fc.constant<Attempt>('not granted'),
  fc.constantFrom<Refusal>(
    refuse('never-sent', 'zrep'),
    refuse('bad-savecount', 'zrep:savecount', '\x1b[2J'),
  ),
  fc.record({
    destroyed: fc.nat(9),
    left: fc.array(fc.constant({ snapshot: 'tank/home@zrep_000000', ended }), { maxLength: 2 }),
  }),
);

t.test('whatever was tried, the refusal is one printable line that advises to destroy nothing', async () => {
  const shortages = fc.constantFrom(
    refuse('too-many-snapshots', 'tank/home', 3, 3),
    refuse('snapshots-too-often', 'tank/home', 3, 7),
    refuse('pool-full', 'tank', '2%'),
  );
  const all = fc.property(shortages, someAttempt, (refusal, attempt) => {
    const said = withWayOut(refusal, 'tank/home', attempt);
    return (
      isSound(said) && said.reason.startsWith(refusal.reason) && !/zfs destroy|zrep expire/.test(said.reason)
    );
  });
  fc.assert(all);
});
