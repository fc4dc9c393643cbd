/** Changes of one moment, on a real pool: the script of the channel program, the calls that do the same, and what a refresh waits for. */

import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, writeData } from '../../lab/pair.ts';
import { changeAtOnce, changeByCalls } from '../../src/replication/change.ts';
import { installedCapabilities } from '../../src/zfs/capabilities.ts';
import { type Change, PROGRAM, type Premise, programArgv, readProgram } from '../../src/zfs/program.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { groupsOf } from '../fixtures/system/groups.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const POLICY = `
zfs = "${LOGGED_ZFS}"
${homePolicy('["pull", "expire"]', '')}`;

const TXG_TIMEOUT = '/sys/module/zfs/parameters/zfs_txg_timeout';

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault, zfs: kind } = gate;
  const capabilities = installedCapabilities();
  if (kind === 'zfs-fuse') {
    t.equal(capabilities.has('programs'), false, 'zfs-fuse runs no channel programs');
    return;
  }

  await installWrapper(fileserver);
  await provideBuild(backup, { program: 'zrep' });
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await fileserver.run(['zfs', 'create', `${tank}/home`]);
  const step = {
    capabilities,
    interruption: { signal: undefined, check() {}, onSignal: () => () => {} },
    zfs: {
      binary: 'zfs',
      stream: () => Promise.reject(new Error('nothing is streamed')),
      async ask(argv: readonly string[], input?: string) {
        const options = { allowFail: true, ...(input !== undefined && { input }) };
        const { code, stdout, stderr } = await fileserver.run(['zfs', ...argv], options);
        return { code, signal: null, output: stdout, message: stderr };
      },
    },
  };
  let datasets = 0;
  /** With the snapshots 0 to 2, of which 1 has a clone and 2 a hold. */
  const made = async () => {
    datasets += 1;
    const home = `${tank}/home/p${datasets}`;
    await fileserver.script(`
      zfs create ${home}
      zfs set zrep:lock-pid=12 ${home}
      for n in 0 1 2; do zfs snapshot ${home}@zrep_00000$n; done
      zfs clone ${home}@zrep_000001 ${home}/clone
      zfs hold kept ${home}@zrep_000002`);
    return home;
  };
  const propertyOf = async (property: string, target: string) =>
    (await fileserver.run(['zfs', 'get', '-Hpo', 'value', property, target])).stdout.trim();
  /** What there is of it, but for what differs by itself. */
  const stateOf = async (home: string) => {
    const columns = 'name,property,value,source';
    const asked = 'zrep:sent,zrep:lock-pid,zrep:lock-time,zrep-gate:streamed,userrefs';
    const { stdout } = await fileserver.run(['zfs', 'get', '-Hpr', '-d1', '-o', columns, asked, home]);
    return stdout.replaceAll(home, 'HOME').split('\n').sort();
  };

  t.equal(capabilities.has('programs'), true, 'OpenZFS does, for root');
  t.test(
    'a program and calls leave the same behind, and tell the same of what they could not do',
    async (t) => {
      const changesOf = (home: string): Change[] => [
        { does: 'set', target: home, property: 'zrep:lock-time', value: '20260101000000' },
        { does: 'set', target: `${home}@zrep_000002`, property: 'zrep:sent', value: '1700000000' },
        { does: 'set', target: `${home}@zrep_000002`, property: 'zrep-gate:streamed', value: "a b'c" },
        { does: 'snapshot', target: `${home}@zrep_000003` },
        { does: 'bookmark', target: `${home}#two`, snapshot: `${home}@zrep_000002` },
        { does: 'destroy', target: `${home}@zrep_000000` },
        { does: 'destroy', target: `${home}@zrep_000001` },
        { does: 'inherit', target: home, property: 'zrep:lock-pid' },
        { does: 'inherit', target: home, property: 'zrep:never-set' },
      ];
      const [one, other] = [await made(), await made()];
      const atOnce = await changeAtOnce(step, one, [], changesOf(one));
      const byCalls = await changeByCalls(step, other, changesOf(other));
      const words = (from: unknown, home: string) => JSON.stringify(from).replaceAll(home, 'HOME');
      t.equal(words(atOnce, one), words(byCalls, other));
      t.match(atOnce, {
        left: [{ snapshot: `${one}@zrep_000001`, ended: { message: /has dependent clones/ } }],
      });
      t.same(await stateOf(one), await stateOf(other));
      t.same(await snapshotNames(fileserver, one), ['zrep_000001', 'zrep_000002', 'zrep_000003']);
      t.equal(await propertyOf('guid', `${one}#two`), await propertyOf('guid', `${one}@zrep_000002`));
    },
  );

  t.test('a lock goes with a program only once nothing else of it is left to be done', async (t) => {
    const home = await made();
    const release: Change = { does: 'release', target: home, property: 'zrep:lock-pid' };
    const ranWith = async (number: number) => {
      const changes: Change[] = [{ does: 'destroy', target: `${home}@zrep_00000${number}` }, release];
      return readProgram((await step.zfs.ask(programArgv([], changes), PROGRAM)).output, 0);
    };
    t.same(await ranWith(1), { ran: 'done', left: [0, 1] }, 'one has a clone');
    t.equal(await propertyOf('zrep:lock-pid', home), '12');
    t.same(await ranWith(0), { ran: 'done', left: [] });
    t.equal(await propertyOf('zrep:lock-pid', home), '-');
  });

  t.test('nothing is changed where a premise does not hold', async (t) => {
    const home = await made();
    await fileserver.script(`
      zfs create -o zrep:sent=5 ${home}/source
      zfs snapshot ${home}/source@one
      zfs send -p ${home}/source@one | zfs receive -u ${home}/received
      zfs create ${home}/received/below`);
    const guid = await propertyOf('guid', `${home}@zrep_000000`);
    const value = (target: string, property: string, value?: string): Premise => ({
      ...{ holds: 'value', target, property, value },
    });
    const cases: [what: string, premise: Premise, holds: boolean][] = [
      ['another value', value(home, 'zrep:lock-pid', '13'), false],
      ['the value', value(home, 'zrep:lock-pid', '12'), true],
      ['none, and there is one', value(home, 'zrep:lock-pid'), false],
      ['none, and there is none', value(home, 'zrep:lock-time'), true],
      ['inherited, which is none of its own', value(`${home}@zrep_000000`, 'zrep:lock-pid'), true],
      ['an inherited one as its own', value(`${home}@zrep_000000`, 'zrep:lock-pid', '12'), false],
      ['a received one is not local', value(`${home}/received`, 'zrep:sent'), true],
      ['what is below a received one', value(`${home}/received/below`, 'zrep:sent', '5'), false],
      ['the GUID', { holds: 'guid', target: `${home}@zrep_000000`, guid }, true],
      ['another GUID', { holds: 'guid', target: `${home}@zrep_000001`, guid }, false],
      ['a GUID of what is not there', { holds: 'guid', target: `${home}@nothing`, guid }, false],
      ['no value of what is not there', value(`${home}/nothing`, 'zrep:lock-pid'), false],
    ];
    const change: Change = { does: 'set', target: home, property: 'zrep:seen', value: '1' };
    for (const [what, premise, holds] of cases) {
      const first = value(home, 'zrep:lock-time');
      t.same(
        await changeAtOnce(step, home, [first, premise], [change]),
        holds ? { left: [] } : premise,
        what,
      );
      t.equal(await propertyOf('zrep:seen', home), holds ? '1' : '-', what);
      await fileserver.run(['zfs', 'inherit', 'zrep:seen', home]);
    }
    // Of a GUID beyond 2^63, too, which a program has as a negative number.
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const target = `${home}@${name}`;
      await fileserver.run(['zfs', 'snapshot', target]);
      const premise: Premise = { holds: 'guid', target, guid: await propertyOf('guid', target) };
      t.same(await changeAtOnce(step, home, [premise], [{ does: 'destroy', target }]), { left: [] });
    }
  });

  t.test('what zfs would not do is not begun', async (t) => {
    const home = await made();
    const lock: Change = { does: 'set', target: home, property: 'zrep:lock-time', value: '1' };
    const refused: Change[] = [
      { does: 'snapshot', target: `${home}@zrep_000000` },
      { does: 'snapshot', target: `${home}/nothing@one` },
      { does: 'set', target: home, property: 'readonly', value: 'on' },
      { does: 'set', target: `${home}@nothing`, property: 'zrep:sent', value: '1' },
      { does: 'destroy', target: `${home}/clone` },
    ];
    for (const change of refused) {
      t.equal(await changeAtOnce(step, home, [], [lock, change]), 'cannot', JSON.stringify(change));
      if (change.does !== 'destroy') t.equal(await propertyOf('zrep:lock-time', home), '-');
    }
    t.match(
      (await fileserver.run(['zfs', 'list', `${home}/clone`])).code,
      0,
      'a file system is never destroyed',
    );
  });

  t.test('a small refresh waits for so many transaction groups, and no more', async (t) => {
    // By itself zfs begins one every five seconds.
    const seconds = readFileSync(TXG_TIMEOUT, 'utf8');
    writeFileSync(TXG_TIMEOUT, '600');
    t.teardown(() => writeFileSync(TXG_TIMEOUT, seconds));
    const { source, destination } = await makePair(gate, 'home/counted', { savecount: 2 });
    await gate.share();
    const refresh = async (name: string) => {
      await writeData(fileserver, source, name, 64);
      await fileserver.run(['zpool', 'sync']);
      await callsOn(fileserver);
      const before = [groupsOf(tank), groupsOf(vault)] as const;
      await backup.run(['zrep', 'refresh', destination]);
      const groups = [groupsOf(tank) - before[0], groupsOf(vault) - before[1]] as const;
      return { groups, calls: (await callsOn(fileserver)).map(({ argv }) => argv[0]) };
    };
    for (const name of ['one', 'two', 'three', 'four', 'five']) await refresh(name);
    const { groups, calls } = await refresh('six');
    // One more than the two programs and the bookmark that goes: what was destroyed is freed in one of its own.
    t.ok(groups[0] <= 4, `${groups[0]} on the source`);
    t.ok(groups[1] <= 6, `${groups[1]} on the copy`);
    t.comment(`groups: ${groups.join(' and ')}; calls on the source: ${calls.join(' ')}`);
    t.same(calls.toSorted(), ['destroy', 'get', 'get', 'get', 'get', 'program', 'program', 'send', 'send']);
  });
});
