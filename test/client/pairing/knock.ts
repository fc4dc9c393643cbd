/** What the answer of a fileserver says of what is missing there. */

import t from 'tap';
import { explained } from '../../../src/client/far/ssh-failure.ts';
import { judgeKnock, type Knock } from '../../../src/client/pairing/knock.ts';

const CASES: [code: number, message: string, output: string, kind: Knock['kind']][] = [
  [0, '', '{"version":1,"host":"fileserver"}\n', 'open'],
  [0, '', 'Last login: today\n', 'no gate'],
  [127, 'sh: 1: zrep: not found\n', '', 'no gate'],
  [1, 'unrecognized zrep subcommand: _state\n', '', 'no gate'],
  [77, 'zrep-gate: refused (not-granted): "tank/home" is not granted to this client [log id x]\n', '', 'closed'],
  [77, 'zrep-gate: refused (unknown-client): backup [log id x]\n', '', 'closed'],
  [77, 'zrep-gate: refused (operation-not-granted): x\n', '', 'closed'],
  [77, 'zrep-gate: refused (wrong-address): x\n', '', 'failed'],
  [77, 'zrep-gate: refused (recursive-not-granted): x\n', '', 'closed'],
  [77, 'zrep-gate: refused (recursive-crosses-grant): x\n', '', 'failed'],
  [78, 'zrep-gate: refused (policy-broken): x\n', '', 'failed'],
  [77, 'zrep-gate: refused (unknown-verb): _state\n', '', 'no gate'],
  [70, 'zrep-gate: there is no node beside /usr/bin/zrep-gate\n', '', 'failed'],
  [255, 'root@fileserver: Permission denied (publickey).\n', '', 'closed'],
  [255, 'Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\n', '', 'closed'],
  [255, 'Connection closed by 192.0.2.1 port 22\n', '', 'closed'],
  [255, 'Connection reset by 192.0.2.1 port 22\n', '', 'closed'],
  [255, 'No ED25519 host key is known for fileserver and you have requested strict checking.\nHost key verification failed.\r\n', '', 'stranger'],
  [255, '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nOffending ED25519 key in /root/.ssh/known_hosts:1\nHost key verification failed.\n', '', 'failed'],
  [255, 'ssh: Could not resolve hostname fileserver: Name or service not known\n', '', 'failed'],
  [255, 'ssh: connect to host fileserver port 22: Connection refused\n', '', 'failed'],
]; // biome-ignore format: one table

t.test('each answer means one thing', async (t) => {
  for (const [code, message, output, kind] of CASES)
    t.match(judgeKnock({ code, signal: null, message, output }), { kind }, message || output);
});

t.test('a host key that is not known, or is another one, is named with the command to run', async (t) => {
  const said = (message: string, ssh?: string[]) =>
    explained({ code: 255, signal: null, message }, 'root@fileserver', ssh).message;
  const [unknown, changed] = CASES.filter(([, message]) => message.includes('verification')).map(
    ([, one]) => one,
  );
  t.match(said(unknown ?? ''), /\(.*fingerprint: ssh -o StrictHostKeyChecking=ask root@fileserver exit\)$/);
  t.match(
    said(unknown ?? '', ['ssh', '-p', '2222']),
    / ssh -p 2222 -o StrictHostKeyChecking=ask root@fileserver exit\)$/,
  );
  t.match(said(changed ?? ''), /another key than before. .*ssh-keygen -R fileserver; then: ssh /);
  t.notMatch(said('Permission denied (publickey).'), 'fingerprint');
});
