/** What reading shows: zfs's own output, and nothing that names what is not granted. */

import t from 'tap';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["read"]

[[client.backup1.grant]]
dataset = "tank/tree"
subtree = true
except = ["tank/tree/private"]
operations = ["read"]

[[client.backup1.grant]]
dataset = "tank/whole"
subtree = true
operations = ["read"]

[[client.backup1.grant]]
dataset = "tank/clone"
tags = ["zrep", "off"]
operations = ["read"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank, ask } = gate;
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  for (const name of ['home', 'tree', 'whole', 'secret']) await makeSource(fileserver, `${tank}/${name}`);
  for (const name of [
    'home/child',
    'tree/public',
    'tree/private',
    'tree/private/deep',
    'whole/a',
    'whole/a/b',
  ]) {
    await zfs('create', `${tank}/${name}`);
  }
  for (const name of ['home', 'tree', 'whole']) await zfs('snapshot', '-r', zrepName(`${tank}/${name}`, 1));
  await zfs('clone', zrepName(`${tank}/secret`, 0), `${tank}/clone`);
  await zfs('clone', zrepName(`${tank}/home`, 0), `${tank}/secret/copy`);
  await zfs('set', `zrep:src-fs=${tank}/secret`, tank);
  await zfs('set', `off:lastsent=${zrepName(`${tank}/secret`, 0)}`, tank);
  await gate.share();

  t.test("what is readable is zfs's own output, byte for byte", async (t) => {
    for (const command of [
      'zfs list -H -o name TANK/home',
      'zfs list -o name,used,creation TANK/home',
      'zfs list -H -t snapshot -o name -s creation -d 1 -r TANK/home',
      'zfs list -H -t snapshot -o name,used,zrep:sent -d 1 -r TANK/tree',
      'zfs list -H -o name -r TANK/whole',
      'zfs list -H -o name,refer -t all -r TANK/whole',
      'zfs list -H -o name TANK/home@zrep_000001',
      'zfs get -H -o value zrep:master TANK/home',
      'zfs get -H -o name,property,value zrep:sent,guid TANK/home@zrep_000000',
      'zfs get -H -o property,value -s local zrep:src-fs TANK/home',
      'zfs get -Hp -o value -r used TANK/whole',
    ]) {
      const text = command.replaceAll('TANK', tank);
      const direct = await fileserver.run(text.split(' '));
      t.not(direct.stdout, '', text);
      t.same(await ask(text), direct, text);
    }
  });

  t.test('without columns those are shown that tell nothing of the host', async (t) => {
    const { stdout } = await ask(`zfs list ${tank}/home`);
    t.equal(stdout.split('\n')[0]?.trim().split(/ +/).join(' '), 'NAME USED AVAIL REFER');
    const { stdout: values } = await ask(`zfs get used ${tank}/home`);
    t.equal(values.split('\n')[0]?.trim().split(/ +/).join(' '), 'NAME PROPERTY VALUE');
  });

  t.test('what would walk to ungranted children is refused', async (t) => {
    for (const command of [
      'zfs list -r TANK/home',
      'zfs list -d 1 TANK/home',
      'zfs list -t all -d 1 -r TANK/home',
      'zfs list -t snapshot -r TANK/home',
      'zfs list -t snapshot -d 2 -r TANK/tree',
      'zfs list -r TANK/tree',
      'zfs get -r used TANK/tree',
      'zfs get -d 1 -o name,value used TANK/home',
    ]) {
      checkRefusal(t, await ask(command.replaceAll('TANK', tank)), 'names-other-datasets', 77);
    }
  });

  t.test('properties that name other datasets, or tell of the host, are refused', async (t) => {
    for (const property of [
      'origin',
      'clones',
      'all',
      'mountpoint',
      'sharenfs',
      'org:note',
      'zrep:x',
      'zfs:x',
    ]) {
      const get = await ask(`zfs get -H -o value ${property} ${tank}/clone`);
      checkRefusal(t, get, 'property-not-readable', 77);
      if (property === 'all') continue;
      checkRefusal(
        t,
        await ask(`zfs list -H -o name,${property} ${tank}/clone`),
        'property-not-readable',
        77,
      );
      checkRefusal(t, await ask(`zfs list -H -s ${property} ${tank}/clone`), 'property-not-readable', 77);
    }
  });

  t.test("a value that is inherited from an ungranted parent does not show the parent's name", async (t) => {
    for (const property of ['zrep:src-fs', 'off:lastsent']) {
      const value = (await zfs('get', '-H', '-o', 'value', property, `${tank}/clone`)).stdout;
      t.match(value, 'secret', 'there is something to show');
      checkRefusal(
        t,
        await ask(`zfs get -H -o value ${property} ${tank}/clone`),
        'property-not-readable',
        77,
      );
      const own = await ask(`zfs get -H -o value -s local ${property} ${tank}/clone`);
      t.match(own, { code: 0, stdout: /^-?\n?$/, stderr: '' });
    }
    checkRefusal(
      t,
      await ask(`zfs get -o source,value zrep:master ${tank}/clone`),
      'property-not-readable',
      77,
    );
  });

  t.test('a property that this zfs does not know fails, and names nothing', async (t) => {
    const { code, stdout, stderr } = await ask(`zfs list -H -o name,keystatus ${tank}/home`);
    const direct = await fileserver.run(['zfs', 'list', '-H', '-o', 'name,keystatus', `${tank}/home`], {
      allowFail: true,
    });
    t.equal(code, direct.code, "zfs's exit code");
    t.equal(stdout, direct.stdout);
    if (code !== 0) t.match(stderr, /^zrep-gate: zfs failed \(exit code 2\) \[log id [a-z0-9-]+\]\n$/);
  });
});
