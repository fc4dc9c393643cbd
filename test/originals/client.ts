/** The original zrep on the backup server, pulling through the gate. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { type StockVersion, stockZrep } from '../../lab/stock-zrep.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

/** Whether each marks what it has received, so that its second refresh goes on from there. */
const VERSIONS: readonly (readonly [version: StockVersion, completes: boolean])[] = [
  ['1.6.8', false],
  ['1.7.7', false],
  ['1.8.0', false],
  ['1.9.0', true],
  ['2.0.2', true],
];

const found = VERSIONS.map(([version, completes]) => ({ version, completes, stock: stockZrep(version) }));
for (const { version, stock } of found)
  if (typeof stock === 'string') t.pass(`with the original zrep ${version}`, { skip: stock });

if (found.some(({ stock }) => typeof stock !== 'string'))
  await inGateLab(t, homePolicy('["pull", "expire"]'), async (gate) => {
    const { fileserver, backup, tank, vault } = gate;
    await provideBuild(fileserver, { program: 'zrep' });
    await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
    await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
    for (const { version, completes, stock } of found) {
      if (typeof stock === 'string') continue;
      const program = `/usr/local/bin/zrep-${version}`;
      await backup.writeFile(program, stock.text, { mode: 0o755 });
      const name = `home/v${version.replaceAll('.', '-')}`;
      const does = completes
        ? 'marks what it has received'
        : 'marks nothing, and the gate says why its next stream fails';

      t.test(`${version} ${does}`, async (t) => {
        const { source, destination } = await makePair(gate, name);
        const refresh = async (file: string) => {
          await writeData(fileserver, source, file, 64);
          // 1.6.8 opens its standard error anew: of a file it would lose what stood there.
          const words = `${program} refresh ${destination} 2>&1 | cat`;
          return backup.run(['bash', '-o', 'pipefail', '-c', words], { allowFail: true });
        };
        const first = await refresh('one');
        t.equal(first.code, 0, 'the first stream comes', { said: first.stdout });
        t.equal((await snapshotsOf(backup, destination)).at(-1)?.name, 'zrep_000001');
        const mark = await propertyOf(fileserver, 'zrep:sent', `${source}@zrep_000001`);
        t.equal(mark !== '-', completes, 'its mark there');
        const second = await refresh('two');
        t.equal(second.code === 0, completes, 'the second one', { said: second.stdout });
        const note = `zrep-gate: note: ${source}@zrep_000001 was streamed to this client and never marked as sent, so this stream begins at ${source}@zrep_000000 again`;
        t.equal(second.stdout.includes(note), !completes, 'the note', { said: second.stdout });
        if (completes) return;

        const line = /run on the fileserver: (zrep sentsync -L \S+)/.exec(second.stdout)?.[1];
        t.equal(line, `zrep sentsync -L ${source}@zrep_000001`);
        await fileserver.script(line ?? 'false');
        const third = await refresh('three');
        t.equal(third.code, 0, 'its line lets one more come', { said: third.stdout });
      });
    }
  });
