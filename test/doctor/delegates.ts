/** An account without root and sudo is told by whose the folder of zrep's lock is. */

import { chownSync } from 'node:fs';
import t from 'tap';
import { isDelegate } from '../../src/doctor/delegates.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { gateLine, KEY, ROOT, SOUND, ZREP } from '../fixtures/doctor/lines.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

t.test('it has a line without sudo, and the folder is its own', (t) => {
  const uid = process.getuid?.() ?? 0;
  const [plain, sudo] = [SOUND, SOUND.replace('command="', 'command="/usr/bin/sudo -n ')];
  const own = { ...ZREP, uid: uid === 0 ? ZREP.uid : uid };
  const folder = makeFolder(t);
  if (uid === 0) chownSync(folder, own.uid, own.gid);
  const judge = (account: typeof ROOT, options: string, rundir = folder) =>
    isDelegate(gateLine(account, `${options} ${KEY}`), { zrep: { rundir } } as Policy);
  t.equal(judge(own, plain), true);
  t.equal(judge({ ...own, uid: own.uid + 1 }, plain), false, "somebody else's folder");
  t.equal(judge(own, plain, `${folder}/gone`), false, 'no folder');
  t.equal(judge(own, sudo), false, 'by sudo it is root');
  t.equal(judge(ROOT, plain, '/'), false, 'and root is root');
  t.end();
});
