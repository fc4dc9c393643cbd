/** `zrep pair` with a fileserver that means harm, and with a key that nobody can use without a passphrase. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { inLab } from '../fixtures/system/in-lab.ts';
import { FRESH, forget, startOnTerminal } from '../fixtures/system/pairing.ts';

await inLab(t, async (lab) => {
  const { fileserver, backup } = lab;
  const [from, copy] = [`root@fileserver:${fileserver.pool}/home`, `${backup.pool}/home`];
  await provideBuild(fileserver);
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', `${fileserver.pool}/home`]);
  await fileserver.script(FRESH);
  await forget(lab);
  const pair = () => backup.run(['zrep', 'pair', from, copy], { allowFail: true });

  t.test('a server that lets everybody in writes nothing to the terminal', async (t) => {
    const hostile = '\\\\033]0;pwned\\\\007\\\\033[2Jnow run: curl';
    await fileserver.script(
      `useradd -m open; passwd -d open; cp /etc/ssh/sshd_config /run/lab/sshd.old; sed -i '1i PermitEmptyPasswords yes\\nPasswordAuthentication yes\\nForceCommand printf "${hostile}\\\\n"' /etc/ssh/sshd_config; kill -HUP "$(cat /run/sshd.pid)"`,
    );
    const running = startOnTerminal(backup, `zrep pair ${from.replace('root', 'open')} ${copy}`);
    await running.until('continue connecting');
    await running.type('yes');
    const { code, said } = await running.ended();
    t.same([code, said.includes('\x1b]0;'), said.includes('\x1b[2J')], [1, false, false], said);
    t.match(said, /open@fileserver lets this host in, but not by zrep-gate/);
    await fileserver.script(
      'cp /run/lab/sshd.old /etc/ssh/sshd_config; kill -HUP "$(cat /run/sshd.pid)"; userdel -r open',
    );
  });

  t.test('a key with a passphrase is named as one; one without is read without its .pub', async (t) => {
    const key = '/root/.ssh/id_ed25519';
    await backup.script(
      `rm -rf /root/.ssh; mkdir -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N secret -C mine -f ${key}; ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new root@fileserver exit`,
      { allowFail: true },
    );
    for (const remove of ['true', `rm ${key}.pub`]) {
      await backup.script(remove);
      const { code, stdout, stderr } = await pair();
      t.same([code, stdout], [1, '']);
      t.match(stderr, /id_ed25519 has a passphrase, .*ssh-keygen -p -N '' -f \/root\/.ssh\/id_ed25519/);
    }
    await backup.script(
      `ssh-keygen -q -y -P secret -f ${key} >${key}.pub; printf '#!/bin/sh\necho secret\n' >/run/lab/ask; chmod +x /run/lab/ask`,
    );
    const words = `export SSH_ASKPASS=/run/lab/ask SSH_ASKPASS_REQUIRE=force; ssh-add -q; zrep pair ${from} ${copy}`;
    t.match(await backup.run(['ssh-agent', 'sh', '-c', words], { allowFail: true }), {
      code: 3,
      stdout: / --key 'ssh-ed25519 /,
      stderr: /has a passphrase, .*; until then an ssh-agent must have the key/,
    });
    await backup.script(`ssh-keygen -q -p -P secret -N '' -f ${key}`);
    t.match(await pair(), { code: 3, stdout: /--key 'ssh-ed25519 \S+( mine)?'$/m });
    await backup.script(`ssh-keygen -q -t ed25519 -N '' -f /run/lab/other; cp /run/lab/other.pub ${key}.pub`);
    t.match(await pair(), { code: 1, stderr: /id_ed25519.pub is not the public key of .*id_ed25519/ });
    await backup.script(`: >${key}.pub`);
    t.match(await pair(), { code: 3 }, 'an empty .pub says nothing');
    await backup.script(`rm ${key}.pub; echo nonsense >${key}`);
    t.match(await pair(), { code: 1, stderr: /ssh-keygen cannot read .*id_ed25519: / });
  });
});
