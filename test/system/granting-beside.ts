/** `zrep-gate grant` on a fileserver where something stands already: other keys, policies, accounts, grants, and what users laid there. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { inLab } from '../fixtures/system/in-lab.ts';
import { FRESH, filesOf, KEYS, POLICY } from '../fixtures/system/pairing.ts';

await inLab(t, async (lab) => {
  const { fileserver, backup } = lab;
  const tank = fileserver.pool;
  await provideBuild(fileserver);
  for (const name of ['home', 'home/below', 'home/secret'])
    await fileserver.run(['zfs', 'create', `${tank}/${name}`]);
  const { publicKey } = await lab.sshKey('id_ed25519');
  const [type = '', body = ''] = publicKey.split(' ');
  const gate = (...words: string[]) => fileserver.run(['zrep-gate', ...words], { allowFail: true });
  const grant = (...words: string[]) => gate('grant', 'backup', `${tank}/home`, '--key', publicKey, ...words);
  const line = (words: string) => `restrict,command="/usr/bin/zrep-gate serve ${words}" ${type} ${body}\n`;
  const fresh = () => fileserver.script(`${FRESH}; mkdir -p /etc/zrep-gate; mkdir -m 700 /root/.ssh`);
  await fresh();

  t.test('a key that goes by another policy is refused, and that policy named', async (t) => {
    await fileserver.writeFile(KEYS, line('backup --policy /etc/zrep-gate/second.toml'), { mode: 0o600 });
    const before = await filesOf(fileserver);
    t.match(await grant('--yes'), {
      code: 1,
      stderr:
        /goes by the policy \/etc\/zrep-gate\/second.toml, by .*authorized_keys:1\. Grant it there: --policy \/etc\/zrep-gate\/second.toml/,
    });
    t.same(await filesOf(fileserver), before);
    await fileserver.writeFile(KEYS, line(`backup --policy ${POLICY}`), { mode: 0o600 });
    t.match(await grant('-n'), { code: 0, stdout: /The key is in .*:1 already/ }, 'the same one by its name');
    await fresh();
  });

  t.test(
    'open lines are named in each file that sshd reads, before the yes; with one left it ends with 1',
    async (t) => {
      const config = '/etc/ssh/sshd_config';
      const reread = `kill -HUP "$(cat /run/sshd.pid)"`;
      await fileserver.script(`cp ${config} /run/lab/sshd.old; mkdir -p /etc/ssh/keys`);
      for (const [files, file] of [
        ['/etc/ssh/keys/%u', '/etc/ssh/keys/root'],
        ['.ssh/authorized_keys .ssh/authorized_keys2', '/root/.ssh/authorized_keys2'],
      ] as const) {
        await fileserver.script(
          `sed '/^AuthorizedKeysFile/d; 1i AuthorizedKeysFile ${files}' /run/lab/sshd.old >${config}; ${reread}`,
        );
        await fileserver.writeFile(file, `${publicKey}\n`, { mode: 0o600 });
        const warning = `WARNING: ${file}:1 gives this key a shell. Put a # in front of that line:\n    sed -i`;
        const dry = await grant('-n');
        t.match(dry, { code: 0 });
        t.match(dry.stdout, warning);
        const done = await grant('--yes');
        t.match(done.stdout, /Written\./);
        t.equal(done.code, 1, 'the doctor finds an error');
        t.match(done.stderr, /in place, but check or the doctor finds what has to be mended/);
        await fileserver.script(/^ {4}(sed -i .*)$/m.exec(done.stdout)?.[1] ?? 'false');
        const again = await grant('--yes');
        t.equal(again.code, 0, again.stdout);
        await fileserver.script(`rm ${file}`);
        await fresh();
      }
      await fileserver.script(`rm -r /etc/ssh/keys; cp /run/lab/sshd.old ${config}; ${reread}`);
    },
  );

  t.test('no other user stops a grant: what stands in a file of his is a warning', async (t) => {
    await fileserver.script('useradd -m mallory; mkdir /home/mallory/.ssh; chown -R mallory /home/mallory');
    const his = '/home/mallory/.ssh/authorized_keys';
    for (const [lay, warning] of [
      [`truncate -s 17M ${his}`, /WARNING: \/home\/mallory\/.ssh\/authorized_keys has 17825792 bytes/],
      [
        `printf '%s' '${line('backup')}' >${his}`,
        /WARNING: .*mallory\/.ssh\/authorized_keys:1 has this key, too/,
      ],
      [
        `printf '%s' '${line('other')}' >${his}`,
        /WARNING: .*mallory\/.ssh\/authorized_keys:1 has this key, too/,
      ],
    ] as const) {
      await fileserver.script(`rm -f ${his}; ${lay}`);
      const { code, stdout, stderr } = await grant('-n');
      t.same([code, stderr], [0, ''], lay);
      t.match(stdout, warning);
      t.match(stdout, `To add to ${KEYS}`);
    }
    await fileserver.script(`rm -f ${his}; truncate -s 17M ${KEYS}`);
    t.match(await grant('-n'), { code: 1, stderr: /authorized_keys has 17825792 bytes/ }, "root's own file");
    await fileserver.writeFile(KEYS, line('other'), { mode: 0o600 });
    t.match(await grant('-n'), { code: 1, stderr: /that key is the one of "other" in .*authorized_keys:1/ });
    await fileserver.script('userdel -r mallory', { allowFail: true });
    await fresh();
  });

  t.test('what a wider grant protected and the new one does not is named', async (t) => {
    const wider = [
      '[client.backup]',
      '[[client.backup.grant]]',
      `dataset = "${tank}/home"`,
      'subtree = true',
      `except = ["${tank}/home/secret"]`,
      'operations = ["pull", "expire", "read"]',
      'raw = "required"',
      'keep-for = "90 days"',
      'keep-at-least = 50',
    ];
    await fileserver.writeFile(POLICY, `${wider.join('\n')}\n`);
    const below = await gate('grant', 'backup', `${tank}/home/below`, '--key', publicKey, '-n');
    t.match(
      below.stdout,
      /WARNING: the grant for tank\/home protects tank\/home\/below by what the new one does not have\. .*, with:\n {4}raw = "required"\n {4}keep-at-least = 50\n {4}keep-for = "90 days"\n/,
    );
    const secret = await gate('grant', 'backup', `${tank}/home/secret`, '--key', publicKey, '-n');
    t.match(
      secret.stdout,
      /WARNING: the policy excepts tank\/home\/secret from the grant for tank\/home: until now "backup" gets nothing of it\./,
    );
    await fresh();
  });

  t.test('--sudo goes on where it was stopped', async (t) => {
    const useradd =
      'useradd --system --user-group --no-create-home --home-dir /var/lib/zrep --shell /bin/sh zrep';
    for (const before of [useradd, `${useradd}; usermod -p '*' zrep`]) {
      await fileserver.script(before);
      t.match(await grant('--sudo', 'zrep', '--yes'), { code: 0, stderr: '' });
      t.match((await fileserver.run(['getent', 'shadow', 'zrep'])).stdout, /^zrep:\*:/);
      t.equal((await fileserver.run(['stat', '-c', '%U %a', '/var/lib/zrep'])).stdout, 'root 755\n');
      const asked = ['ssh', '-l', 'zrep', 'fileserver', `zrep _state ${tank}/home`];
      t.match(await backup.run(asked, { allowFail: true }), { code: 0, stdout: /^{"version":1,/ });
      await fileserver.script('userdel zrep; rm -rf /var/lib/zrep /etc/sudoers.d/zrep-gate');
      await fresh();
    }
    await fileserver.script(`${useradd}; usermod -p '!$6$x$y' zrep`);
    t.notMatch((await grant('--sudo', 'zrep', '-n')).stdout, /usermod/, 'who was locked stays so');
    await fileserver.script('userdel zrep');
  });

  t.test('--sudo takes no folder that is there for the home of a new account', async (t) => {
    await fileserver.script('mkdir -p -m 700 /var/lib/private');
    const before = await filesOf(fileserver);
    t.match(await grant('--sudo', 'private', '--yes'), {
      code: 1,
      stderr: /\/var\/lib\/private is there already, .* take another name/,
    });
    t.same(await filesOf(fileserver), before);
    t.equal((await fileserver.run(['stat', '-c', '%a', '/var/lib/private'])).stdout, '700\n');
  });

  t.test('what only looks like a key is refused, also by -n', async (t) => {
    const keyOf = (word: string) => {
      const [name, three] = [Buffer.from(word), Buffer.from([0, 0, 0, 3, 1, 2, 3])];
      return `${word} ${Buffer.concat([Buffer.from([0, 0, 0, name.length]), name, three]).toString('base64')}`;
    };
    const before = await filesOf(fileserver);
    for (const word of ['ssh-ed25519', 'cert-authority', 'ssh-new'])
      for (const how of ['-n', '--yes'])
        t.match(await gate('grant', 'backup', `${tank}/home`, '--key', keyOf(word), how), {
          code: 1,
          stderr: /ssh-keygen does not take the key: /,
        });
    t.same(await filesOf(fileserver), before);
    t.equal((await fileserver.script('ls -d /tmp/zrep-gate-key-* | wc -l')).stdout, '0\n');
  });
});
