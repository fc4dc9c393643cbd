/** `zrep-gate revoke` on a real fileserver where something is in its way: traps, broken files, other policies. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { inLab } from '../fixtures/system/in-lab.ts';
import { FRESH, filesOf, KEYS, POLICY, startOnTerminal } from '../fixtures/system/pairing.ts';

const SUDOERS = '/etc/sudoers.d/zrep-gate';
const SECOND = '/etc/zrep-gate/second.toml';
const LOCK = '/run/zrep-gate-pairing.lock';

await inLab(t, async (lab) => {
  const { fileserver } = lab;
  const home = `${fileserver.pool}/home`;
  await provideBuild(fileserver);
  await fileserver.run(['zfs', 'create', home]);
  const { publicKey } = await lab.sshKey('id_ed25519');
  const [type = '', body = ''] = publicKey.split(' ');
  const gate = (...words: string[]) => fileserver.run(['zrep-gate', ...words], { allowFail: true });
  const grant = (...words: string[]) => gate('grant', 'backup', home, '--key', publicKey, ...words);
  const revoke = (...words: string[]) => gate('revoke', 'backup', '--yes', ...words);
  const setKeys = (...commands: string[]) =>
    fileserver.writeFile(
      KEYS,
      commands.map((command) => `restrict,command="${command}" ${type} ${body} x\n`).join(''),
      { mode: 0o600 },
    );
  const start = async () => {
    await fileserver.script(`${FRESH}; rm -f ${SUDOERS} ${LOCK}`);
    await grant('--yes');
  };
  await fileserver.script('useradd -m mallory; mkdir -p /home/mallory/.ssh; chown -R mallory /home/mallory');

  t.test('root runs nothing in the home of another user', async (t) => {
    await start();
    const own = '/home/mallory/.ssh/authorized_keys';
    await fileserver.writeFile(
      own,
      `# a\nrestrict,command="/usr/bin/zrep-gate serve backup" ${type} ${body}\n`,
    );
    await fileserver.run(['chown', 'mallory', own]);
    const { code, stdout } = await revoke();
    t.equal(code, 1);
    const advice = `runuser -u mallory -- sed -i 2d ${own}`;
    t.match(
      stdout,
      `WARNING: ${own}:2 stays, since it is in the home of mallory. Remove it as that user: ${advice}\n`,
    );
    t.notMatch(stdout, 'chown');
    await fileserver.script(
      `printf '1\\n2\\n' >${KEYS}; mv /home/mallory/.ssh /home/mallory/old; ln -s /root/.ssh /home/mallory/.ssh`,
    );
    await fileserver.script(advice, { allowFail: true });
    t.equal(await fileserver.readFile(KEYS), '1\n2\n', 'a link does not lead it to the keys of root');
    await fileserver.script('rm /home/mallory/.ssh; mv /home/mallory/old /home/mallory/.ssh');
    await fileserver.script(advice);
    t.equal(await fileserver.readFile(own), '# a\n');
    const sudo = await grant('--sudo', 'mallory', '--yes');
    t.match(sudo, { code: 1, stderr: /in the home of mallory, .*; take an account of its own/ });
    t.notMatch(sudo.stderr, 'chown');
    await fileserver.script(`rm ${own}`);
  });

  t.test('a home behind a link is a home, too', async (t) => {
    await start();
    await fileserver.script(
      'mkdir -p /srv/homes; ln -s /srv/homes /homes; useradd -m -d /homes/eve eve; mkdir /homes/eve/.ssh; chown eve /homes/eve/.ssh',
    );
    const own = '/homes/eve/.ssh/authorized_keys';
    await fileserver.writeFile(own, `restrict,command="/usr/bin/zrep-gate serve backup" ${type} ${body}\n`);
    const { stdout } = await revoke();
    t.match(stdout, `Remove it as that user: runuser -u eve -- sed -i 1d ${own}\n`);
    await fileserver.script('userdel -r eve; rm -rf /homes /srv/homes');
  });

  t.test('a sudo rule that cannot be taken out keeps nothing else; one without a key is found', async (t) => {
    await fileserver.script(`${FRESH}; rm -f ${SUDOERS}`);
    const keys = '/var/lib/zrep/.ssh/authorized_keys';
    for (const [make, undo, reason] of [
      [`echo 'not a rule' >>${SUDOERS}`, `sed -i '/not a rule/d' ${SUDOERS}`, /visudo refuses what/],
      ['chmod g+w /etc/sudoers.d', 'chmod g-w /etc/sudoers.d', /chmod go-w \/etc\/sudoers.d/],
      [
        'mv /usr/sbin/visudo /usr/sbin/visudo.away',
        'mv /usr/sbin/visudo.away /usr/sbin/visudo',
        /visudo refuses what/,
      ],
    ] as const) {
      t.match(await grant('--sudo', 'zrep', '--yes'), { code: 0 });
      await fileserver.script(make);
      const { code, stdout } = await revoke();
      await fileserver.script(undo);
      t.equal(code, 1, make);
      t.match(stdout, /WARNING: the sudo rule of "backup" stays. To remove it, run visudo -f/);
      t.match(stdout, reason);
      t.equal(await fileserver.readFile(keys), '', make);
      t.notMatch(await fileserver.readFile(POLICY), 'grant', make);
      t.match(await fileserver.readFile(SUDOERS), 'Cmnd_Alias ZREP_GATE_BACKUP');
      const again = await revoke();
      t.match(again, { code: 0, stdout: /To take out of .*zrep-gate:\n {4}Cmnd_Alias/ });
      t.equal(await fileserver.readFile(SUDOERS), '');
    }
    await fileserver.script(`userdel zrep; rm -rf /var/lib/zrep`);
  });

  t.test(
    'one file that cannot be written keeps no other one; nor does a lock keep a gate running',
    async (t) => {
      await start();
      await fileserver.script('mount --bind /root/.ssh /root/.ssh; mount -o remount,ro,bind /root/.ssh');
      const { code, stdout, stderr } = await revoke();
      t.match({ code, stderr }, { code: 1, stderr: '' });
      t.match(stdout, `Written: ${POLICY}\nWARNING: ${KEYS} was not written: EROFS: read-only file system\n`);
      t.match(stdout, 'A connection without a command stays open', 'it goes on to the end');
      t.notMatch(await fileserver.readFile(POLICY), 'grant');
      await fileserver.script(`rm -r /etc/zrep-gate`);
      const granted = await gate('grant', 'other', home, '--key', `${type} ${await anotherKey()}`, '--yes');
      t.equal(granted.code, 1, 'grant, too, ends with another code than that for usage');
      t.match(
        granted.stderr,
        `${KEYS} was not written: EROFS: read-only file system. Done before: ${POLICY}\n`,
      );
      await fileserver.script('umount /root/.ssh');
      await start();
      await fileserver.script(`sleep 1000 >/dev/null 2>&1 & echo $! >${LOCK}`);
      const locked = await revoke();
      const pid = (await fileserver.readFile(LOCK)).trim();
      t.match(locked, { code: 1, stdout: new RegExp(`nothing was written: process ${pid} holds ${LOCK}`) });
      await fileserver.script(`kill ${pid}`);
      t.match(await revoke(), { code: 0 }, 'the lock of a dead process is none');
    },
  );

  async function anotherKey(): Promise<string> {
    await fileserver.script(`rm -f /run/lab/k*; ssh-keygen -q -t ed25519 -N '' -f /run/lab/k`);
    return (await fileserver.readFile('/run/lab/k.pub')).split(' ')[1] ?? '';
  }

  t.test('lines that only a shell understands are named, with the command that removes them', async (t) => {
    for (const command of [
      'exec /usr/bin/zrep-gate serve backup',
      'zrep-gate serve backup',
      '/usr/bin/env LC_ALL=C /usr/bin/zrep-gate serve backup',
      "/usr/bin/zrep-gate serve 'backup'",
    ]) {
      await start();
      await setKeys('/usr/bin/zrep-gate serve backup', command, 'exec /usr/bin/zrep-gate serve backup2');
      const { code, stdout } = await revoke();
      t.equal(code, 1, command);
      const [, advice = ''] =
        /:2 names "backup" in a command .* To remove it, run: (.*)$/m.exec(stdout) ?? [];
      t.not(advice, '', stdout);
      await fileserver.script(advice);
      t.match(
        await fileserver.readFile(KEYS),
        /^restrict,command="exec \/usr\/bin\/zrep-gate serve backup2"[^\n]*\n$/,
        command,
      );
    }
  });

  t.test('what goes by another policy stays, and is named', async (t) => {
    await start();
    await fileserver.script(`cp ${POLICY} ${SECOND}`);
    await setKeys('/usr/bin/zrep-gate serve backup', `/usr/bin/zrep-gate serve backup --policy ${SECOND}`);
    const first = await revoke();
    t.equal(first.code, 1);
    t.match(
      first.stdout,
      `WARNING: ${KEYS}:2 stays: it is for "backup" by another policy. To revoke that as well, run: zrep-gate revoke backup --policy ${SECOND}\n`,
    );
    t.match(await fileserver.readFile(KEYS), /^restrict,command="\S+ serve backup --policy [^\n]*\n$/);
    t.match(await fileserver.readFile(SECOND), 'grant');
    t.match(await revoke('--policy', SECOND), { code: 0 });
    t.equal(await fileserver.readFile(KEYS), '');
    t.notMatch(await fileserver.readFile(SECOND), 'grant');
  });

  t.test('of two grants at once none is lost', async (t) => {
    for (let round = 0; round < 8; round += 1) {
      await fileserver.script(
        `${FRESH}; mkdir -p /etc/zrep-gate; rm -f /run/lab/k?*; for n in a b c; do ssh-keygen -q -t ed25519 -N '' -f /run/lab/k$n; done`,
      );
      const names = ['a', 'b', 'c'];
      const codes = await Promise.all(
        names.map(async (name) => {
          const { code } = await gate('grant', name, home, '--key', `/run/lab/k${name}.pub`, '--yes');
          return code;
        }),
      );
      const [policy, keys] = [await fileserver.readFile(POLICY), await fileserver.readFile(KEYS)];
      for (const [index, name] of names.entries())
        if (codes[index] === 0)
          t.ok(policy.includes(`client.${name}]`) && keys.includes(`serve ${name}"`), `${round}${name}`);
      t.ok(codes.includes(0));
    }
  });

  t.test('a yes that was typed before the question does not count', async (t) => {
    await start();
    for (const ahead of ['yes', 'ye']) {
      const before = await filesOf(fileserver);
      // The command begins when the words are there already.
      const running = startOnTerminal(
        fileserver,
        `sh -c "echo ready; until [ -e /run/lab/go ]; do sleep 0.1; done; exec zrep-gate revoke backup"`,
      );
      await running.until('ready');
      await (ahead === 'yes' ? running.type(ahead) : running.typeOn(ahead));
      await running.until(`ready\n${ahead}`);
      await fileserver.run(['touch', '/run/lab/go']);
      await running.until('Type yes to do this: ');
      await running.type(ahead === 'yes' ? 'no' : 's');
      t.match(await running.ended(), { code: 1, said: /nothing was changed, since the answer was not yes/ });
      t.same(await filesOf(fileserver), before, ahead);
      await fileserver.run(['rm', '/run/lab/go']);
    }
  });

  t.test('a policy that is missing or broken hides no mistyped name', async (t) => {
    await start();
    await fileserver.appendFile(POLICY, 'nonsense\n');
    const before = await filesOf(fileserver);
    t.match(await gate('revoke', 'bakcup', '--yes'), {
      code: 1,
      stdout: '',
      stderr: /has mistakes, .*; no key is for "bakcup", and nothing runs for it\. .* Did you mean backup\?/,
    });
    t.match(await revoke(home), { code: 1, stdout: '', stderr: /the policy has mistakes/ });
    t.same(await filesOf(fileserver), before);
    await fileserver.script('rm -r /etc/zrep-gate');
    t.match(await gate('revoke', 'bakcup', '--yes'), {
      code: 1,
      stderr: /policy.toml does not exist, no key is for "bakcup"/,
    });
    const { code, stdout, stderr } = await revoke();
    t.match({ code, stderr }, { code: 0, stderr: '' });
    t.match(stdout, `There is no ${POLICY}.\n`);
    t.notMatch(stdout, 'empty');
    t.equal(await fileserver.readFile(KEYS), '');
    await fileserver.script(FRESH);
  });
});
