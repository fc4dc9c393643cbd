/** The same changes by a channel program and by calls; test/system/programs.ts has both on a real pool. */

import fc from 'fast-check';
import t from 'tap';
import { changeAtOnce, changeByCalls, fitsProgram } from '../../src/replication/change.ts';
import type { Change } from '../../src/zfs/program.ts';
import { type PretendOptions, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const HOME = 'tank/home';
const name = (number: number) => `${HOME}@zrep_00000${number}`;

function stand(can: PretendOptions['can'], refuses?: RegExp) {
  const zfs = pretendZfs({ can: can ?? [], ...(refuses && { refuses }) });
  for (const number of [0, 1, 2]) zfs.snapshot(name(number));
  return { zfs, step: zfs.step('/nowhere') };
}

const number = fc.integer({ min: 0, max: 2 });
const property = fc.constantFrom('zrep:sent', 'zrep-gate:streamed');
const aChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    does: fc.constant('set' as const),
    target: number.map(name),
    property,
    value: fc.constantFrom('1', '2'),
  }),
  fc.record({ does: fc.constant('inherit' as const), target: number.map(name), property }),
  fc.record({ does: fc.constant('snapshot' as const), target: fc.integer({ min: 3, max: 6 }).map(name) }),
  number.map((one): Change => ({ does: 'bookmark', target: `${HOME}#b${one}`, snapshot: name(one) })),
);
/** What goes last is not there for anything else. */
const some = fc
  .tuple(
    fc.uniqueArray(aChange, { selector: ({ does, target }) => `${does} ${target}` }),
    fc.subarray([0, 1, 2]),
  )
  .map(([changes, going]) => [
    ...changes,
    ...going.map((one): Change => ({ does: 'destroy', target: name(one) })),
  ]);

t.test('a program and calls leave the same behind', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      some,
      fc.constantFrom(undefined, /destroy .*zrep_000001/, /bookmark .*#b2/),
      async (changes, refuses) => {
        const [one, other] = [stand(['batches', 'programs'], refuses), stand(['batches'], refuses)];
        const atOnce = await changeAtOnce(one.step, HOME, [], changes);
        const made = await changeByCalls(other.step, HOME, changes);
        t.same(atOnce, made);
        t.same(new Map([...one.zfs.objects].sort()), new Map([...other.zfs.objects].sort()));
      },
    ),
  );
});

t.test('where a premise does not hold nothing is changed, and the answer is that premise', async (t) => {
  const { zfs, step } = stand(['programs']);
  const changes: Change[] = [{ does: 'destroy', target: name(0) }];
  const guid = zfs.objects.get(name(0))?.get('guid')?.value ?? '';
  const holds = { holds: 'guid', target: name(0), guid } as const;
  const free = { holds: 'value', target: HOME, property: 'zrep:lock-pid', value: undefined } as const;
  zfs.set(HOME, 'zrep:lock-pid', '7');
  t.same(await changeAtOnce(step, HOME, [holds, free], changes), free);
  t.same(await changeAtOnce(step, HOME, [{ ...holds, guid: '1' }], changes), { ...holds, guid: '1' });
  t.ok(zfs.objects.has(name(0)));
  t.same(await changeAtOnce(step, HOME, [holds, { ...free, value: '7' }], changes), { left: [] });
  t.notOk(zfs.objects.has(name(0)));
});

t.test('what a program would not do is not begun', async (t) => {
  const { zfs, step } = stand(['programs']);
  const changes: Change[] = [
    { does: 'set', target: HOME, property: 'zrep:lock-pid', value: '7' },
    { does: 'snapshot', target: name(0) },
  ];
  t.equal(await changeAtOnce(step, HOME, [], changes), 'cannot');
  t.notOk(zfs.objects.get(HOME)?.has('zrep:lock-pid'));
});

t.test('a zfs that runs no program, or fails in it before anything is changed, cannot', async (t) => {
  const { step } = stand(['programs']);
  for (const code of [1, 2]) {
    const ended = { code, signal: null, output: '', message: 'Channel program execution failed:\n' };
    const zfs = { ...step.zfs, ask: async () => ended };
    t.equal(await changeAtOnce({ ...step, zfs }, HOME, [], [{ does: 'destroy', target: name(0) }]), 'cannot');
  }
});

t.test('of a program that was killed, or gave no answer, nobody knows what it did', async (t) => {
  const { step } = stand(['programs']);
  for (const ended of [
    { code: null, signal: 'SIGTERM', output: '', message: '' },
    { code: 143, signal: null, output: '', message: '' },
    { code: 0, signal: null, output: 'no JSON', message: '' },
  ] as const) {
    const zfs = { ...step.zfs, ask: async () => ended };
    const changes: Change[] = [{ does: 'destroy', target: name(0) }];
    await t.rejects(changeAtOnce({ ...step, zfs }, HOME, [], changes), /zfs failed/);
  }
});

t.test('a lock goes only once nothing else is left to be done', async (t) => {
  const { zfs, step } = stand(['batches', 'programs'], /destroy .*zrep_000001/);
  zfs.set(HOME, 'zrep:lock-pid', '7');
  const { ask } = step.zfs;
  const held: boolean[] = [];
  const watched = {
    ...step.zfs,
    ask(argv: readonly string[]) {
      if (argv[0] === 'destroy') held.push(zfs.objects.get(HOME)?.has('zrep:lock-pid') ?? false);
      return ask(argv);
    },
  };
  const changes: Change[] = [
    { does: 'destroy', target: name(0) },
    { does: 'destroy', target: name(1) },
    { does: 'release', target: HOME, property: 'zrep:lock-pid' },
  ];
  t.match(await changeAtOnce({ ...step, zfs: watched }, HOME, [], changes), {
    left: [{ snapshot: name(1) }],
  });
  t.same(held, [true]);
  t.notOk(zfs.objects.get(HOME)?.has('zrep:lock-pid'));
});

t.test('a program is for a zfs that runs them, and has its bounds', async (t) => {
  const change: Change = { does: 'destroy', target: name(0) };
  t.ok(fitsProgram(stand(['programs']).step, [], [change]));
  t.notOk(fitsProgram(stand(['batches']).step, [], [change]));
  t.notOk(fitsProgram(stand(['programs']).step, [], Array(601).fill(change)));
});

t.test('by calls neighbours of one target are one call, and what was not destroyed is told', async (t) => {
  const { zfs, step } = stand(['batches'], /destroy .*zrep_000001/);
  const { left } = await changeByCalls(step, HOME, [
    { does: 'set', target: name(2), property: 'zrep-gate:streamed', value: 'b@1' },
    { does: 'set', target: name(2), property: 'zrep:sent', value: '1' },
    { does: 'destroy', target: name(0) },
    { does: 'destroy', target: name(1) },
  ]);
  t.same(zfs.asked.slice(0, 2), [
    `set zrep-gate:streamed=b@1 zrep:sent=1 ${name(2)}`,
    `destroy ${HOME}@zrep_000000,zrep_000001`,
  ]);
  t.same(
    left.map(({ snapshot }) => snapshot),
    [name(1)],
  );
});
