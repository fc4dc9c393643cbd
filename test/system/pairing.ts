/** From two hosts that do not know each other to a first pull, by three commands, and back: pair, grant, revoke. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { inLab } from '../fixtures/system/in-lab.ts';
import { insist } from '../fixtures/system/insist.ts';
import {
  FRESH,
  filesOf,
  forget,
  KEYS,
  onTerminal,
  POLICY,
  startOnTerminal,
} from '../fixtures/system/pairing.ts';

await inLab(t, async (lab) => {
  const { fileserver, backup } = lab;
  const [tank, vault] = [fileserver.pool, backup.pool];
  await provideBuild(fileserver);
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', `${tank}/home`]);
  await writeData(fileserver, `${tank}/home`, 'first', 64);
  const gate = (...words: string[]) => fileserver.run(['zrep-gate', ...words], { allowFail: true });
  await fileserver.script(FRESH);
  await forget(lab);

  const from = `root@fileserver:${tank}/home`;
  const copy = `${vault}/home`;
  const pair = (...words: string[]) => backup.run(['zrep', 'pair', ...words], { allowFail: true });

  t.test('zrep pair looks at this host first, and makes no key for what it cannot do', async (t) => {
    for (const [words, message] of [
      [[from, `${vault}x/home`], new RegExp(`there is no pool ${vault}x here. Did you mean ${vault}\\?`)],
      [['tank/home', copy], /"tank\/home" is not HOST:FS/],
      [[`backup:${tank}/home`, copy], /backup is this host/],
      [['root@nowhere.invalid:tank/home', copy], /Could not resolve hostname/],
    ] as const) {
      const { code, stderr } = await pair(...words);
      t.ok(code === 1 || code === 2, message.source);
      t.match(stderr.replace(/\s+/g, ' '), message);
      if (words[0] === from)
        t.match(await backup.run(['ls', '/root/.ssh'], { allowFail: true }), { code: 2 });
    }
  });

  t.test('a host key that nobody has seen is named, with the one command to run', async (t) => {
    const { code, stderr } = await pair(from, copy);
    t.equal(code, 1);
    t.match(
      stderr,
      /Run this, and compare the fingerprint: ssh -o StrictHostKeyChecking=ask root@fileserver exit\)/,
    );
    t.match(
      (await backup.run(['stat', '-c', '%a %n', '/root/.ssh', '/root/.ssh/id_ed25519'])).stdout,
      '700 /root/.ssh\n600 ',
    );
  });

  t.test('pair, the line it prints, and a yes: the first copy is there', async (t) => {
    const running = startOnTerminal(backup, `zrep pair ${from} ${copy}`);
    await running.until('continue connecting');
    await running.type('yes');
    const said = await running.until('trying every 6 seconds');
    const line = /^ {4}(zrep-gate grant backup .*)$/m.exec(said)?.[1] ?? '';
    t.match(line, / --key 'ssh-ed25519 \S+ root@backup'$/);
    t.match(await onTerminal(fileserver, line, 'yes'), { code: 0, said: /Written\./ });
    const { code, said: all } = await running.ended();
    t.equal(code, 0, 'it goes on by itself', { all });
    t.match(all, `Initialization copy of ${from} to ${copy} complete\n`);
    t.equal((await snapshotsOf(backup, copy)).length, 2, 'the first stream, and a refresh');
    t.same(await snapshotsOf(backup, copy), await snapshotsOf(fileserver, `${tank}/home`));
    t.match(await backup.run(['zrep', 'doctor', copy], { allowFail: true }), { code: 0 });
    t.match(await backup.run(['zrep', 'status', '--verify', copy], { allowFail: true }), { code: 0 });
    t.match(
      await pair(from, copy),
      { code: 0, stdout: /is the copy of .* already\n/ },
      'once more it is a refresh',
    );
    for (const verb of ['refresh', 'status', 'snapshots'])
      t.match(
        await backup.run(['zrep', verb, `${vault}/hoem`], { allowFail: true }),
        { stderr: new RegExp(`^Did you mean ${copy}\\?$`, 'm') },
        verb,
      );
  });

  t.test('without a terminal it prints the line, ends with 3, and goes on when it is repeated', async (t) => {
    const other = [`root@fileserver:${tank}/mail`, `${vault}/mail`];
    await insist(fileserver, ['zfs', 'create', `${tank}/mail`]);
    const { code, stdout, stderr } = await pair(...other);
    t.equal(code, 3);
    t.match(stderr, `Then run this again: zrep pair ${other.join(' ')}\n`);
    const line = /^ {4}(zrep-gate grant .*)$/m.exec(stdout)?.[1] ?? '';
    t.match(await fileserver.run(['sh', '-c', `${line} --yes`]), {
      code: 0,
      stdout: /The key is in .* already/,
    });
    t.match(await pair(...other), { code: 0 });
    t.equal((await snapshotsOf(backup, `${vault}/mail`)).length, 2);
  });

  t.test('another tag and a tree have their words in the line', async (t) => {
    for (const [name, options, words] of [
      ['tagged', ['-t', 'off'], '--tag off'],
      ['tree', ['-R'], '--recursive'],
    ] as const) {
      await insist(fileserver, ['zfs', 'create', '-p', `${tank}/${name}/below`]);
      const again = ['zrep', ...options, 'pair', `root@fileserver:${tank}/${name}`, `${vault}/${name}`];
      const { code, stdout } = await backup.run(again, { allowFail: true });
      const line = /^ {4}(zrep-gate grant .*)$/m.exec(stdout)?.[1] ?? '';
      t.same([code, line.endsWith(words)], [3, true], line);
      t.match(await fileserver.run(['sh', '-c', `${line} --yes`]), { code: 0 });
      // zfs-fuse receives no tree (receive -x).
      if (name === 'tree' && lab.zfs !== 'kernel') continue;
      t.match(await backup.run(again, { allowFail: true }), { code: 0, stderr: '' });
      t.equal((await snapshotsOf(backup, `${vault}/${name}`)).length, 2);
    }
  });

  t.test('Ctrl-C ends the waiting, and leaves nothing half made', async (t) => {
    await insist(fileserver, ['zfs', 'create', `${tank}/more`]);
    const running = startOnTerminal(backup, `zrep pair root@fileserver:${tank}/more ${vault}/more`);
    await running.until('trying every 6 seconds');
    await running.type('\x03');
    const { code, said } = await running.ended();
    t.same([code, /interrupted by SIGINT/.test(said)], [130, true]);
    t.match(await backup.run(['zfs', 'list', `${vault}/more`], { allowFail: true }), { code: 1 });
    t.equal(
      (await fileserver.run(['zfs', 'list', '-H', '-t', 'snapshot', '-o', 'name', '-r', `${tank}/more`]))
        .stdout,
      '',
    );
  });

  t.test('revoke takes one grant, or all, and ends what runs', async (t) => {
    const one = await gate('revoke', 'backup', `${tank}/mail`, '--yes');
    t.match(one, { code: 0, stderr: '' });
    t.match(await backup.run(['zrep', 'refresh', `${vault}/mail`], { allowFail: true }), {
      code: 1,
      stderr: /refused \(not-granted\)/,
    });
    t.match(await backup.run(['zrep', 'refresh', copy], { allowFail: true }), { code: 0 });
    await writeData(fileserver, `${tank}/home`, 'much', 8192);
    const snapshot = (
      await backup.run(['ssh', 'root@fileserver', `zrep snaponly ${tank}/home`])
    ).stdout.trim();
    // Nobody reads the stream: it is there until it is ended.
    const reader = backup.spawn([
      'sh',
      '-c',
      `ssh root@fileserver 'zrep _refreshpull ${snapshot}' | { head -c 1 >/run/lab/began; sleep 1000; }`,
    ]);
    await eventually(
      () => backup.run(['stat', '-c', '%s', '/run/lab/began'], { allowFail: true }),
      ({ stdout }) => stdout === '1\n',
    );
    const mistyped = await gate('revoke', 'backup', `${tank}/hoem`, '--yes');
    t.match(mistyped, { code: 1, stderr: new RegExp(`no grant for .* Did you mean ${tank}/home\\?`) });
    const before = await filesOf(fileserver);
    const dry = await gate('revoke', 'backup', '-n');
    t.match(dry.stdout, /To end, for "backup": process \d+\n/);
    t.match(await gate('revoke', 'backup'), { code: 1, stderr: /nobody is at a terminal/ });
    t.same(await filesOf(fileserver), before);
    const impostor = fileserver.spawn([
      'sh',
      '-c',
      'exec -a node sleep 1000',
      'zrep-gate',
      'serve',
      'backup',
    ]);
    const all = await gate('revoke', 'backup', '--yes');
    t.match(all, { code: 0, stderr: '' });
    t.match(all.stdout, /connections may be open still: kill \d+/);
    t.notMatch((await fileserver.run(['ps', '-eo', 'args'])).stdout, /^\S*node \S*zrep-gate serve backup$/m);
    t.match(
      (await fileserver.run(['cat', '/var/log/auth.log'])).stdout,
      /"outcome":"interrupted"|interrupted/,
    );
    t.equal(await fileserver.readFile(KEYS), '');
    t.notMatch(await fileserver.readFile(POLICY), 'grant');
    t.match(await backup.run(['ssh', 'root@fileserver', 'id'], { allowFail: true }), {
      code: 255,
      stderr: /Permission denied/,
    });
    reader.child.kill();
    impostor.child.kill();
    t.match(await gate('revoke', 'backup', '--yes'), { code: 0, stdout: /There is nothing to change/ });
    t.match(await gate('revoke', 'bakcup', '--yes'), {
      code: 1,
      stderr: /no client "bakcup", .* Did you mean backup\?/,
    });
    t.match(await gate('revoke', 'my backup'), { code: 1, stderr: /has a blank in it/ });
  });

  t.test('a key is revoked also where the policy has mistakes', async (t) => {
    await fileserver.writeFile(POLICY, '');
    const own = (await backup.readFile('/root/.ssh/id_ed25519.pub')).trim();
    t.match(await gate('grant', 'backup', `${tank}/home`, '--key', own, '--yes'), { code: 0 });
    await fileserver.appendFile(POLICY, 'nonsense\n');
    t.match(await gate('revoke', 'backup', '--yes'), { code: 1, stdout: /WARNING: the policy has mistakes/ });
    t.equal(await fileserver.readFile(KEYS), '');
    await fileserver.script('rm -rf /etc/zrep-gate');
  });

  t.test('a far side without a gate is named as one', async (t) => {
    const own = (await backup.readFile('/root/.ssh/id_ed25519.pub')).trim();
    await fileserver.script(
      `sed -i 's/forced-commands-only/prohibit-password/' /etc/ssh/sshd_config; kill -HUP "$(cat /run/sshd.pid)"`,
    );
    await fileserver.writeFile(KEYS, `${own}\n`, { mode: 0o600 });
    const asked = () => backup.run(['ssh', 'root@fileserver', 'echo let in'], { allowFail: true });
    await eventually(asked, ({ code }) => code === 0);
    const { code, stdout, stderr } = await pair(`root@fileserver:${tank}/more`, `${vault}/more`);
    t.equal(code, 1);
    t.match(stderr, /^root@fileserver lets this host in, but not by zrep-gate: this key has a shell there/);
    t.match(
      stdout,
      /^Install zrep-gate on fileserver, then paste this there, as root:\n\n {4}zrep-gate grant backup /,
    );
  });
});
