/** zfs's command lines: options first, one argument a value, and no default that tells too much. */

import fc from 'fast-check';
import t from 'tap';
import type { Get, List } from '../../src/command/request.ts';
import * as argv from '../../src/zfs/argv.ts';
import { get, list, operation } from '../fixtures/command/operations.ts';
import { named } from '../fixtures/command/texts.ts';

const HOME = 'tank/home';
const deep = Number.POSITIVE_INFINITY;
const sort = [
  { property: 'used', descending: false },
  { property: 'name', descending: true },
];
const full = { scripted: true, parsable: true, depth: 1, types: ['snapshot', 'volume'] };
const ofList = (fields?: object) => argv.listArgv(list(HOME, fields) as unknown as List);
const ofGet = (fields?: object) => argv.getArgv(get(HOME, ['used', 'zrep:sent'], fields) as unknown as Get);

const PRINTED: readonly (readonly [words: readonly string[], line: string])[] = [
  [argv.readStateArgv(HOME, ['guid', 'zrep:sent'], 1), 'get -Hp -r -d 1 -o name,property,value,source guid,zrep:sent,type tank/home'],
  [argv.readStateArgv(HOME, ['guid'], deep), 'get -Hp -r -o name,property,value,source guid tank/home'],
  [argv.readSnapshotsArgvs(new Set(['resume'] as const), [HOME, 'tank/b'], ['guid', 'zrep:sent'])[0] ?? [], 'get -Hp -r -d 1 -t snapshot -o name,property,value,source guid,zrep:sent,type tank/home tank/b'],
  [argv.readSnapshotsArgvs(new Set(), [HOME], ['guid'])[0] ?? [], 'get -Hp -r -d 1 -o name,property,value,source guid tank/home'],
  [argv.setPropertiesArgv(HOME), 'get -H -o property,value -s local,received all tank/home'],
  [argv.listSnapshotsArgv(HOME), 'list -r -t snapshot -o name,creation tank/home'],
  [argv.writtenBelowArgv(HOME, 'zrep_000001'), 'get -Hp -r -t filesystem,volume -o value written@zrep_000001 tank/home'],
  [argv.readLocalArgv(HOME, 'zrep:lock-pid'), 'get -H -o value -s local zrep:lock-pid tank/home'],
  [argv.setArgv('tank/home@zrep_000001', { 'zrep:sent': '1' }), 'set zrep:sent=1 tank/home@zrep_000001'],
  [argv.setArgv(HOME, { 'zrep:lock-pid': '7', 'zrep:lock-time': '8' }), 'set zrep:lock-pid=7 zrep:lock-time=8 tank/home'],
  [argv.inheritArgv(HOME, 'zrep:lock-pid'), 'inherit zrep:lock-pid tank/home'],
  [argv.snapshotArgv('tank/home@zrep_000001', false), 'snapshot tank/home@zrep_000001'],
  [argv.snapshotArgv('tank/home@zrep_000001', true), 'snapshot -r tank/home@zrep_000001'],
  [argv.destroyArgv(HOME, ['zrep_000001']), 'destroy tank/home@zrep_000001'],
  [argv.destroyArgv(HOME, ['zrep_000001', 'zrep_000002_unsent']), 'destroy tank/home@zrep_000001,zrep_000002_unsent'],
  [argv.destroyDryRunArgv(HOME, ['zrep_000001', 'b']), 'destroy -nvp tank/home@zrep_000001,b'],
  [argv.fileSystemsArgv(), 'list -H -o name -t filesystem'],
  [argv.sendArgv([], undefined, 'tank/home@zrep_000001'), 'send tank/home@zrep_000001'],
  [argv.sendArgv(['L', 'w'], { through: '-I', snapshot: 'a@x' }, 'a@y'), 'send -L -w -I a@x a@y'],
  [argv.resumeArgv('1-0-1-00'), 'send -t 1-0-1-00'],
  [argv.dryRunArgv(argv.resumeArgv('1-0-1-00')), 'send -nP -t 1-0-1-00'],
  [argv.dryRunArgv(argv.sendArgv(['w'], { through: '-i', snapshot: 'a@x' }, 'a@y'), 'nvP'), 'send -nvP -w -i a@x a@y'],
  [ofList(), 'list -o name,used,available,referenced tank/home'],
  [ofList({ ...full, columns: ['name', 'zrep:sent'], sort, snapshot: 'x' }), 'list -H -p -r -d 1 -t snapshot,volume -o name,zrep:sent -s used -S name tank/home@x'],
  [ofList({ depth: deep }), 'list -r -o name,used,available,referenced tank/home'],
  [ofGet(), 'get -o name,property,value used,zrep:sent tank/home'],
  [ofGet({ ...full, fields: ['value'], sources: ['local', 'received'], snapshot: 'x' }), 'get -H -p -r -d 1 -t snapshot,volume -o value -s local,received used,zrep:sent tank/home@x'],
]; // biome-ignore format: one table

t.test('each request has its one command line', async (t) => {
  for (const [words, line] of PRINTED) t.strictSame(words, line.split(' '), named(line));
});

t.test('a value is one word, whatever is in it', async (t) => {
  t.strictSame(argv.setArgv('a', { 'zrep:lock-time': '1 -r b' }), ['set', 'zrep:lock-time=1 -r b', 'a']);
});

t.test('neither what is listed nor what is got is left to zfs, and the dataset comes last', async () => {
  fc.assert(
    fc.property(operation, (operation) => {
      if (operation.kind !== 'list' && operation.kind !== 'get') return true;
      const words = operation.kind === 'list' ? argv.listArgv(operation) : argv.getArgv(operation);
      const target = operation.snapshot === undefined ? '' : `@${operation.snapshot}`;
      const shown = words[words.indexOf('-o') + 1] ?? '';
      return (
        words[0] === operation.kind &&
        words.at(-1) === `${operation.dataset}${target}` &&
        /^[a-z0-9][a-z0-9_.:,-]*$/.test(shown) &&
        words.includes('-r') === operation.depth > 0
      );
    }),
  );
});

t.test('names in one group are not right below one another, and each is in one', async (t) => {
  t.same(argv.apart(['a', 'b/c', 'a']), [['a', 'b/c']], 'each once');
  t.same(argv.apart(['a', 'a/b', 'a/b/c', 'd']), [['a/b'], ['a', 'a/b/c', 'd']]);
  t.same(argv.apart(['a', 'a/b/c']), [['a', 'a/b/c']], 'two levels below it is not listed');
  const path = fc
    .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));
  fc.assert(
    fc.property(fc.array(path), (names) => {
      const groups = argv.apart(names);
      const isFree = (group: readonly string[]) =>
        group.every((name) => !group.includes(name.slice(0, Math.max(0, name.lastIndexOf('/')))));
      const flat = groups.flat();
      return (
        groups.every(isFree) &&
        flat.length === new Set(names).size &&
        names.every((name) => flat.includes(name))
      );
    }),
  );
});
