/** What the gate grants and nobody backs up: named by the doctor on the backup server, and by the one on the fileserver. */

import t from 'tap';
import { beginCopies } from '../fixtures/system/copies-lab.ts';
import { diagnose } from '../fixtures/system/doctor.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';

const GRANTED = homePolicy('["pull", "expire", "init", "read"]');

await inGateLab(t, GRANTED, async (gate) => {
  const { fileserver } = gate;
  const { first, zrep, source, look } = await beginCopies(t, gate);
  const thereFound = async () => {
    const { findings } = await diagnose(fileserver);
    return findings.flatMap(({ code, problem }) => (code === 'not-backed-up' ? [problem] : []));
  };

  t.test('a new file system beside the sources is named on both sides, until it has a copy', async (t) => {
    t.same([(await look()).codes, await thereFound()], [[], []]);
    await fileserver.run(['zfs', 'create', source('new')]);
    const { codes, lines } = await look();
    t.same(codes, ['not-backed-up']);
    t.match(lines, [[new RegExp(`^zrep init --pull fileserver:${source('new')} `)]]);
    t.same(await thereFound(), [`${source('new')}: granted, and not backed up`]);
    t.same((await look(`${first}/a`)).codes, [], 'who names a pair asks about that');
    t.match(await zrep(`init --pull fileserver:${source('new')} ${first}/new`), { code: 0 });
    t.same([(await look()).codes, await thereFound()], [[], []]);
  });

  t.test('so is a new child of a pair, once the pair was refreshed without it', async (t) => {
    await fileserver.run(['zfs', 'create', source('a/child')]);
    t.same(await thereFound(), [], 'it may come with the next refresh');
    t.match(await zrep(`refresh ${first}/a`), { code: 0 });
    t.same((await look()).codes, ['not-backed-up']);
    t.same(await thereFound(), [`${source('a/child')}: granted, and not backed up`]);
    await gate.policy(GRANTED.replace('subtree = true', `subtree = true\nexcept = ["${source('a/child')}"]`));
    t.same(await thereFound(), []);
  });

  t.test(
    'the source of a retired copy is not, and where the key may not read, nothing is said',
    async (t) => {
      await gate.policy(GRANTED.replace(', "read"', ''));
      t.notOk((await look()).codes.includes('not-backed-up'));
      await gate.policy(GRANTED);
      await zrep(`retire -f ${first}/b`);
      const { lines } = await look();
      t.notMatch(lines.flat().join('\n'), source('b'));
    },
  );
});
