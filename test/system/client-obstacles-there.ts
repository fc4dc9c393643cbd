/** What keeps the source from being sent: every program says the same of it, and the line that they print mends it. */

import t from 'tap';
import { diagnose } from '../fixtures/system/doctor.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { insist } from '../fixtures/system/insist.ts';
import type { Row } from '../fixtures/system/obstacles/row.ts';
import { inObstacleLab } from '../fixtures/system/obstacles.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

await inObstacleLab(t, async (lab) => {
  const { fileserver, backup, there } = lab;
  await openLogin(lab, 'plain');
  const mount = (source: string) =>
    fileserver.script(`[ "$(zfs get -Ho value mounted ${source})" = yes ] || zfs mount ${source}`);

  const ROWS: readonly Row[] = [
    {
      code: 'source-received',
      gate: 'says',
      async breaks({ source }) {
        await fileserver.script(`zfs send -R ${source}@zrep_000002 | zfs receive -u ${source}_moved`);
        await insist(fileserver, ['zfs', 'destroy', '-r', source]);
        await insist(fileserver, ['zfs', 'rename', `${source}_moved`, source]);
        await mount(source);
      },
    },
    {
      code: 'source-unconfigured',
      isUnknownThere: true,
      async gate(t, _, found) {
        t.match(found, [{ problem: / has no zrep properties: /, remedy: { lines: ['zrep doctor'] } }]);
      },
      async breaks({ source, destination }) {
        await insist(fileserver, ['zfs', 'destroy', '-r', source]);
        await backup.script(`zfs send ${destination}@zrep_000002 | ssh plain zfs receive -u ${source}`);
        await mount(source);
      },
    },
    {
      code: 'source-renamed',
      gate: 'says',
      breaks: ({ source }) => there('zfs', 'set', 'zrep:src-host=former', source),
    },
  ];
  const REFUSED: Row = {
    code: 'refused-there',
    isUnknownThere: true,
    breaks: () => lab.policy(homePolicy('["pull", "expire", "init", "read"]', 'snapshots = 3')),
    async gate(t, { source }, found) {
      t.match(found, [{ code: 'snapshots-at-limit', problem: new RegExp(`^${source} has 3 snapshots`) }]);
    },
    async after({ source }) {
      const { findings } = await diagnose(fileserver);
      const found = findings.find(({ problem }) => problem.startsWith(source));
      await lab.policy(homePolicy('["pull", "expire", "init", "read"]', found?.remedy.lines.join('\n')));
    },
  };
  lab.checks(...ROWS);
  // Alone: the policy that refuses it is one for all.
  lab.checks(REFUSED);
});
