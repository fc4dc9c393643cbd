/**
 * `zrep init --pull`: what is checked here before the fileserver is asked to change anything; a set-up that failed is missed,
 * redirected, or taken back.
 */

import t, { type Test } from 'tap';
import { switchTo } from '../../lab/gate.ts';
import { provideBuild } from '../../lab/installation.ts';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import manifest from '../../package.json' with { type: 'json' };
import { eventually } from '../fixtures/eventually.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { RECORD } from '../fixtures/system/copies-lab.ts';
import { cutNext, installCuttingSsh, SHARED_CUTTING_SSH } from '../fixtures/system/cutting-ssh.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { insist } from '../fixtures/system/insist.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { addPool } from '../fixtures/system/second-pool.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["init", "pull", "expire"]
resume = true

[[client.backup1.grant]]
dataset = "tank/pulled"
operations = ["pull"]
`;
/** More than zfs needs to begin, less than all. */
const CUT = 1_000_000;
const KIBIBYTES = 4096;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await switchTo(fileserver, manifest.version, 'zrep');
  await installCuttingSsh(backup);
  await fileserver.run(['zfs', 'create', `${tank}/home`]);
  await backup.run(['zfs', 'create', `${vault}/home`]);
  await gate.share();
  const zrep = (...words: string[]) =>
    backup.run(['zrep', ...words], { allowFail: true, env: SHARED_CUTTING_SSH });
  const needing = await testsNeeding(t, backup, ['raw']);

  async function newSource(name: string, kibibytes = KIBIBYTES) {
    const source = `${tank}/home/${name}`;
    await fileserver.run(['zfs', 'create', source]);
    await writeData(fileserver, source, 'much', kibibytes);
    return { source, from: `fileserver:${source}`, copy: `${vault}/home/${name}` };
  }

  /** Every property there, but when the list of snapshots last changed. */
  const stateThere = async () =>
    (await stateOf(fileserver)).filter((line) => !line.includes('\tsnapshots_changed\t'));

  const { source, from } = await newSource('checked');

  /** Refused in these words, with and without --dry-run, before anything is changed on either side. */
  async function isRefused(t: Test, copy: string, words: RegExp, dry = [[], ['--dry-run']]): Promise<void> {
    const before = [await stateThere(), await stateOf(backup)];
    for (const more of dry) {
      const { code, stdout, stderr } = await zrep('init', '--pull', ...more, from, copy);
      t.same([code, stdout], [1, '']);
      t.match(stderr, words);
      t.equal(stderr.split('\n').length, 2, 'in one line');
    }
    t.same([await stateThere(), await stateOf(backup)], before, 'nothing has changed');
    t.not((await backup.run(['test', '-s', RECORD], { allowFail: true })).code, 0, 'nor is it remembered');
  }

  t.test('a pool that is not here is a typo, or is to be imported', async (t) => {
    const typo = vault.replace('vault', 'valt');
    const line = `zrep init --pull ${from} ${vault}/home/checked`;
    await isRefused(
      t,
      `${typo}/home/checked`,
      new RegExp(`no pool ${typo} here. Did you mean ${vault}\\? Then: ${line}\\.`),
    );
    await isRefused(
      t,
      'elsewhere/new',
      /no pool elsewhere here\. If it is not imported: zpool import elsewhere\. Nothing was done\n/,
    );
  });

  t.test('a parent that is not here is a typo, or is to be created', async (t) => {
    await isRefused(
      t,
      `${vault}/hoem/new`,
      new RegExp(`${vault}/hoem does not exist here\\. Did you mean ${vault}/home\\?`),
    );
    await isRefused(
      t,
      `${vault}/x/y/new`,
      new RegExp(`${vault}/x does not exist here\\. To create it: zfs create -p ${vault}/x/y\\.`),
    );
  });

  t.test('a name without room for snapshots behind it is too long', async (t) => {
    await isRefused(
      t,
      `${vault}/home/${'x'.repeat(230)}`,
      /the name of the copy has \d+ characters, and can have 236/,
    );
  });

  t.test('what is in its place already stays', async (t) => {
    const there = `${vault}/home/there`;
    await backup.run(['zfs', 'create', there]);
    await isRefused(t, there, /exists already, and was not begun by this command\. Nothing was done/);
    await isRefused(t, vault, /exists already.*Take another name below it\n/);
    await backup.run(['zfs', 'snapshot', `${there}@mine`]);
    await isRefused(t, there, /there@mine, which -f does not destroy/, [['-f']]);
    await insist(backup, ['zfs', 'destroy', '-r', there]);
  });

  t.test('a mount point that would hide something', async (t) => {
    const path = `${await propertyOf(backup, 'mountpoint', `${vault}/home`)}/hiding`;
    await backup.run(['mkdir', '-p', `${path}/something`]);
    await isRefused(t, `${vault}/home/hiding`, new RegExp(`would be mounted on ${path}, which is not empty`));
    await backup.run(['rm', '-r', path]);
  });

  t.test('a parent without room for the first stream', async (t) => {
    await backup.run(['zfs', 'create', '-o', 'quota=2M', `${vault}/small`]);
    // What is written is counted late.
    await eventually(
      async () =>
        Number((await fileserver.run(['zfs', 'get', '-Hp', '-o', 'value', 'referenced', source])).stdout),
      (bytes) => bytes > KIBIBYTES * 1024,
    );
    await isRefused(
      t,
      `${vault}/small/new`,
      /the first stream has about 4\.\d MiB, and \S+\/small has room for \S+ [KM]iB/,
      [[]],
    );
  });

  needing(['raw'], 'a parent whose key is not loaded', async (t) => {
    const locked = `${vault}/locked`;
    await backup.script(`head -c 32 /dev/urandom >/run/lab/key
      zfs create -o encryption=on -o keyformat=raw -o keylocation=file:///run/lab/key ${locked}
      zfs unmount ${locked}; zfs unload-key ${locked}`);
    await isRefused(
      t,
      `${locked}/new`,
      new RegExp(`the key of ${locked}, which is not loaded. Load it: zfs load-key ${locked}\n`),
      [[]],
    );
    await backup.run(['zfs', 'destroy', locked]);
  });

  const readOnly = async (t: Test) => {
    const pool = await addPool(t, backup, 'frozen');
    const { stdout } = await backup.run(['zpool', 'list', '-HPv', '-o', 'name', pool.name]);
    const device = /\s(\/\S+)/.exec(stdout)?.[1] ?? '';
    await pool.exportIt();
    await backup.run([
      'zpool',
      'import',
      '-d',
      device,
      '-o',
      'cachefile=none',
      '-o',
      'readonly=on',
      pool.name,
    ]);
    await isRefused(
      t,
      `${pool.name}/new`,
      /is imported read-only. If it may be written to here, import it anew: zpool export/,
    );
  };
  // zfs-fuse imports none so.
  if (gate.zfs === 'kernel') t.test('a pool that was imported read-only', readOnly);

  t.test('a hint is the one for the refusal', async (t) => {
    const pulled = `${tank}/pulled`;
    await fileserver.run(['zfs', 'create', pulled]);
    const needsInit = await zrep('init', '--pull', `fileserver:${pulled}`, `${vault}/home/pulled`);
    t.match(
      needsInit.stderr,
      /did not set \S+ up; the policy on fileserver needs "init" among the operations/,
    );
    const missing = await zrep('init', '--pull', `fileserver:${tank}/home/nothing`, `${vault}/home/nothing`);
    t.match(
      missing.stderr,
      /; see on fileserver whether it exists, and whether a grant covers it: zfs list /,
    );
    t.notMatch(missing.stderr, /"init"/);
    await fileserver.run(['zfs', 'set', 'zrep:dest-fs=else/where', source]);
    const other = await zrep('init', '--pull', from, `${vault}/home/checked`);
    t.match(other.stderr, /refused \(configured-otherwise\)[\s\S]*\nError: fileserver did not set \S+ up\n$/);
    await fileserver.run(['zfs', 'inherit', 'zrep:dest-fs', source]);
    const remembered = await backup.script(`grep -c fileserver ${RECORD} || true`);
    t.equal(remembered.stdout, '0\n', 'what was refused was not begun');
  });

  t.test('over a stock zrep, the command that does it there is printed', async (t) => {
    const stock =
      '#!/bin/bash\nfor last; do :; done\ncase $last in *zrep*) echo "zrep: usage" >&2; exit 1;; esac\nexec /usr/bin/ssh "$@"\n';
    await backup.writeFile('/root/stock/ssh', stock, { mode: 0o755 });
    const run = (...words: string[]) =>
      backup.run(['zrep', 'init', '--pull', ...words, from, `${vault}/home/checked`], {
        allowFail: true,
        env: { SSH: '/root/stock/ssh' },
      });
    t.match(
      (await run()).stderr,
      new RegExp(
        `if there is no zrep-gate on fileserver, run there: zrep init ${source} backup ${vault}/home/checked\n$`,
      ),
    );
    t.match((await run('--undo')).stderr, new RegExp(`run there: zrep clear ${source}\n$`));
  });

  t.test('a set-up that was cut off is missed by all that is watched, until it is completed', async (t) => {
    const { source, from, copy } = await newSource('completed');
    await cutNext(backup, CUT);
    const cut = await zrep('init', '--pull', from, copy);
    t.match(
      cut.stderr,
      `the same command goes on; to take the set-up back: zrep init --pull --undo ${from} ${copy}\n`,
    );
    const line = `zrep init --pull ${from} ${copy}`;
    const all = await zrep('refresh', 'all');
    t.equal(all.code, 1);
    t.match(
      all.stderr,
      new RegExp(
        `Error: ${copy} is missing: its set-up was begun and not completed; begun \\d+s ago .*\nTo complete it .*: ${line}\n`,
      ),
    );
    t.match(await zrep('status', '-c', '6h'), {
      code: 2,
      stdout: new RegExp(`^ZREP CRITICAL - ${copy} is missing: its set-up .*: ${line}`),
    });
    const prom = await backup.script('zrep status --prometheus /run/lab/zrep.prom; cat /run/lab/zrep.prom');
    const of = prom.stdout.split('\n').filter((one) => one.startsWith(`zrep_missing{filesystem="${copy}"`));
    t.same(
      of.map((one) => one.at(-1)),
      ['1'],
      'once',
    );
    t.match((await zrep('status', '-a')).stderr, new RegExp(`WARNING: ${copy} is missing: its set-up`));
    const { findings } = await doctor(backup, '--here');
    const found = findings.find(({ code }) => code === 'set-up-unfinished');
    t.match(found, { where: copy, mend: { lines: [line, line.replace('--pull', '--pull --undo')] } });
    const { code, stderr } = await backup.script(line);
    t.equal(code, 0, stderr);
    t.match(await zrep('refresh', 'all'), { code: 0 });
    t.same(await snapshotsOf(backup, copy), await snapshotsOf(fileserver, source));
    const undo = await zrep('init', '--pull', '--undo', from, copy);
    t.equal(undo.code, 1);
    t.match(undo.stderr, /refused \(already-initialized\)[\s\S]*Error: fileserver did not take it back\n$/);
    t.match(await zrep('refresh', copy), { code: 0 }, 'it is as it was');
  });

  t.test('it is taken back, and forgotten', async (t) => {
    const { source, from, copy } = await newSource('undone');
    const before = await stateThere();
    await cutNext(backup, CUT);
    await zrep('init', '--pull', from, copy);
    t.equal((await snapshotsOf(fileserver, source)).length, 1);
    const dry = await zrep('init', '--pull', '--undo', '--dry-run', from, copy);
    t.match(dry.stdout, `  zrep _uninit ${source} backup ${copy}\nNothing was done.\n`);
    t.equal((await snapshotsOf(fileserver, source)).length, 1);
    const { code, stdout, stderr } = await zrep('init', '--pull', '--undo', from, copy);
    t.same([code, stderr], [0, '']);
    t.match(stdout, `The set-up of ${from} is taken back;`);
    t.same(await stateThere(), before, 'as if it had never been begun');
    const discard = /To discard it: (.*)\n/.exec(stdout)?.[1];
    if (discard !== undefined) await backup.script(discard);
    t.not((await backup.run(['zfs', 'list', copy], { allowFail: true })).code, 0, 'nothing is left here');
    t.match(await zrep('refresh', 'all'), { code: 0 }, 'nobody misses it');
    t.notMatch(await backup.readFile(RECORD), 'undone');
    const again = await zrep('init', '--pull', '--undo', from, copy);
    t.match(again, {
      code: 0,
      stdout: `There is nothing to take back: ${source} on fileserver belongs to no pair\n`,
    });
    t.match(await zrep('init', '--pull', from, copy), { code: 0 }, 'and it can be begun');
  });

  t.test('one that does not fit where it was meant to go is redirected', async (t) => {
    const { source, from, copy } = await newSource('redirected', 8192);
    const small = `${vault}/small/new`;
    const failed = await zrep('init', '--pull', '--ignore-room', from, small);
    t.equal(failed.code, 1);
    t.match(failed.stderr, /did not arrive whole/);
    const { code, stdout, stderr } = await zrep('init', '--pull', from, copy);
    t.equal(code, 0, stderr);
    t.equal(await propertyOf(fileserver, 'zrep:dest-fs', source), copy);
    const discard = /To discard it: (.*)\n/.exec(stdout)?.[1];
    if (discard !== undefined) await backup.script(discard);
    t.notMatch(await backup.readFile(RECORD), small);
    t.match(await zrep('refresh', 'all'), { code: 0 });
  });
});
