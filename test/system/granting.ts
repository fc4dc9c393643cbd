/** `zrep-gate grant` on a real fileserver: what it shows, writes and refuses, and who gets in then. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { inLab } from '../fixtures/system/in-lab.ts';
import { FRESH, filesOf, KEYS, onTerminal, POLICY } from '../fixtures/system/pairing.ts';

await inLab(t, async (lab) => {
  const { fileserver, backup } = lab;
  const tank = fileserver.pool;
  await provideBuild(fileserver);
  await fileserver.run(['zfs', 'create', `${tank}/home`]);
  const { publicKey } = await lab.sshKey('id_ed25519');
  const gate = (...words: string[]) => fileserver.run(['zrep-gate', ...words], { allowFail: true });
  const grant = (...words: string[]) => gate('grant', 'backup', `${tank}/home`, '--key', publicKey, ...words);
  await fileserver.script(FRESH);

  t.test(
    '-n prints what would be added, and changes nothing; nor does a grant that nobody agrees to',
    async (t) => {
      const before = await filesOf(fileserver);
      const dry = await grant('-n');
      t.match(dry, { code: 0, stderr: '' });
      t.match(
        dry.stdout,
        `To add to ${POLICY}, from line 1 on:\n    [client.backup]\n    [[client.backup.grant]]\n`,
      );
      t.match(
        dry.stdout,
        `To add to ${KEYS}, the keys of root, which is made, mode 600:\n    restrict,command=`,
      );
      const alone = await grant();
      t.match(alone, { code: 1, stderr: /nobody is at a terminal to be asked; to do it, add --yes/ });
      t.equal(alone.stdout, dry.stdout);
      t.match(
        await onTerminal(fileserver, `zrep-gate grant backup ${tank}/home --key "${publicKey}"`, 'no'),
        {
          said: /nothing was changed, since the answer was not yes/,
        },
      );
      t.same(await filesOf(fileserver), before);
    },
  );

  t.test('hostile and mistaken words change nothing, and are named', async (t) => {
    await fileserver.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/run/lab/made']);
    await fileserver.script(
      'ssh-keygen -e -f /run/lab/made.pub >/run/lab/rfc4716; cat /run/lab/made.pub /run/lab/made.pub >/run/lab/two',
    );
    const before = await filesOf(fileserver);
    const [type = '', body = ''] = publicKey.split(' ');
    const home = `${tank}/home`;
    const cases: [string[], RegExp][] = [
      [['backup', home, '--key', '/run/lab/made'], /made is a private key, which must not leave its host/],
      [
        ['backup', home, '--key', '/run/lab/rfc4716'],
        /rfc4716 is in the form of RFC 4716; .*ssh-keygen -i -f/,
      ],
      [['backup', home, '--key', '/run/lab/two'], /two does not hold exactly one public key/],
      [
        ['backup', home, '--key', '/run/lab/none.pub'],
        /"\/run\/lab\/none.pub" is neither a public key nor a file/,
      ],
      [['backup', home, '--key', '/etc'], /\/etc is not a file/],
      [
        ['backup', home, '--key', `${publicKey}\n${publicKey}`],
        /the key does not hold exactly one public key/,
      ],
      [['backup', home, '--key', `command="sh" ${publicKey}`], /the key has options in front/],
      [['backup', home, '--key', `${type} ${body.slice(0, -8)}`], /the key is not whole/],
      [['backup', home, '--key', `${type} ${body}\nssh-ed25519 AAAA`], /exactly one public key/],
      [['my backup', home, '--key', publicKey], /a client's name has .* "my backup" has a blank in it/],
      [
        ['backup', `${tank}/hoem`, '--key', publicKey],
        new RegExp(`there is no ${tank}/hoem on this host. Did you mean ${home}\\?`),
      ],
      [
        ['backup', home, '--key', publicKey, '--operations', 'pul'],
        /"pul" is not an operation; .* Did you mean pull\?/,
      ],
    ];
    for (const [words, message] of cases) {
      const { code, stderr } = await gate('grant', '--yes', ...words);
      t.equal(code, 1, message.source);
      t.match(stderr, message);
    }
    const comment = await gate('grant', '-n', 'backup', home, '--key', `${type} ${body} \x1b[2J`);
    t.match(comment.stdout, '\\x1b[2J', 'a comment does nothing to a terminal');
    t.same(await filesOf(fileserver), before);
  });

  t.test('nothing is written through what others could have laid there', async (t) => {
    await fileserver.script(
      'useradd mallory; mkdir -p /etc/zrep-gate /root/.ssh /srv/m; chown mallory /srv/m',
    );
    for (const [make, undo, message] of [
      [`ln -s /srv/m/policy ${POLICY}`, `rm ${POLICY}`, /policy.toml is a symbolic link; use the real path/],
      ['chmod 777 /etc/zrep-gate', 'chmod 755 /etc/zrep-gate', /chmod go-w \/etc\/zrep-gate/],
      ['chown mallory /root/.ssh', 'chown root /root/.ssh', /run: chown root \/root\/.ssh/],
      [`ln -s /etc/hostname ${KEYS}; chown -h mallory ${KEYS}`, `rm ${KEYS}`, /is a symbolic link of user/],
      [`ln -s /srv/m/keys ${KEYS}`, `rm ${KEYS}`, /leads nowhere/],
      [`touch /srv/m/keys; ln -s /srv/m/keys ${KEYS}`, `rm ${KEYS} /srv/m/keys`, /chown root \/srv\/m/],
      [`mkfifo ${KEYS}`, `rm ${KEYS}`, /not a regular file/],
    ] as const) {
      await fileserver.script(make);
      const before = await filesOf(fileserver);
      const { code, stderr } = await grant('--yes');
      t.equal(code, 1, make);
      t.match(stderr, message);
      t.same(await filesOf(fileserver), before, make);
      await fileserver.script(undo);
    }
    await fileserver.script(FRESH);
  });

  t.test(
    'what was agreed to is written, with the right modes; the same once more changes nothing',
    async (t) => {
      const done = await onTerminal(
        fileserver,
        `zrep-gate grant backup ${tank}/home --key "${publicKey}"`,
        'yes',
      );
      t.match(
        done.said,
        /Written\.[\s\S]*zrep-gate check: valid: 1 client, 1 grant, 0 examples[\s\S]*zrep-gate doctor:/,
      );
      t.equal(done.code, 0);
      const stat = ['stat', '-c', '%U:%G %a', POLICY, KEYS, '/root/.ssh', '/etc/zrep-gate'];
      t.equal(
        (await fileserver.run(stat)).stdout,
        'root:root 644\nroot:root 600\nroot:root 700\nroot:root 755\n',
      );
      const before = await filesOf(fileserver);
      const again = await grant('--yes');
      t.match(again, {
        code: 0,
        stdout:
          /The policy grants that to "backup" already, .*\nThe key is in .*:1 already\.\nThere is nothing to change/,
      });
      t.same(await filesOf(fileserver), before);
      t.match(
        await backup.run(['ssh', 'fileserver', `zrep snaponly ${tank}/home`], { allowFail: true }),
        { code: 77 },
        'it gets in, and is no pair yet',
      );
    },
  );

  t.test('a second grant is appended; owner, mode, comments and other lines of old files stay', async (t) => {
    await fileserver.run(['zfs', 'create', `${tank}/mail`]);
    await fileserver.script(
      `echo '# für später' >>${POLICY}; printf '# old' >>${KEYS}; chgrp adm ${POLICY}; chmod 640 ${POLICY}`,
    );
    const [policy, keys] = [await fileserver.readFile(POLICY), await fileserver.readFile(KEYS)];
    const second = await gate(
      'grant',
      'backup',
      `${tank}/mail`,
      '--key',
      publicKey,
      '--operations',
      'pull',
      '--yes',
    );
    t.match(second, { code: 0, stderr: '' });
    const text = await fileserver.readFile(POLICY);
    t.equal(
      text.replace(
        /\n\[\[client.backup.grant\]\]\ndataset = "[^"]*\/mail"\noperations = \["pull"\]\nresume = true\n/,
        '',
      ),
      policy,
    );
    t.equal(await fileserver.readFile(KEYS), keys);
    t.match((await fileserver.run(['stat', '-c', '%G %a', POLICY])).stdout, 'adm 640');
    const other = await gate('grant', 'other', `${tank}/mail`, '--key', publicKey, '--yes');
    t.match(other, { code: 1, stderr: /that key is the one of "backup" in .*authorized_keys:1/ });
    await fileserver.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/run/lab/open']);
    const open = (await fileserver.readFile('/run/lab/open.pub')).trim();
    await fileserver.writeFile(KEYS, `${open}\n${keys}`, { mode: 0o600 });
    const third = await gate('grant', 'third', `${tank}/mail`, '--key', open, '--yes');
    t.match(
      third.stdout,
      `WARNING: ${KEYS}:1 gives this key a shell. Put a # in front of that line:\n    sed -i`,
    );
    t.match(
      await fileserver.readFile(KEYS),
      `${keys}\nrestrict,command="/usr/bin/zrep-gate serve third" ssh-ed25519 `,
    );
    await fileserver.script(FRESH);
  });

  t.test('--sudo makes the account and the rule, and lets the client in there', async (t) => {
    const sudo = await grant('--sudo', 'zrep', '--yes');
    t.match(sudo, { code: 0, stderr: '' });
    t.match(sudo.stdout, /To run:\n {4}useradd .* zrep\n {4}usermod -p '\*' zrep\n/);
    const asked = await backup.run(['ssh', '-l', 'zrep', 'fileserver', `zrep _state ${tank}/home`], {
      allowFail: true,
    });
    t.match(asked, { code: 0, stdout: /^{"version":1,/ });
    t.match(await grant('--sudo', 'zrep', '--yes'), { code: 0, stdout: /There is nothing to change/ });
    t.match(await grant('--yes'), { code: 1, stderr: /lets "backup" in as zrep already/ });
    const gone = await gate('revoke', 'backup', '--yes');
    t.match(gone, {
      code: 0,
      stderr: '',
      stdout: /To take out of \/etc\/sudoers.d\/zrep-gate:\n {4}Cmnd_Alias/,
    });
    t.equal(await fileserver.readFile('/etc/sudoers.d/zrep-gate'), '');
    t.equal(await fileserver.readFile('/var/lib/zrep/.ssh/authorized_keys'), '');
    await fileserver.script(`${FRESH}; userdel zrep; rm -rf /var/lib/zrep /etc/sudoers.d/zrep-gate`);
  });
});
