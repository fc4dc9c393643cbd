/** zfs list, get and send: the options that scripts use, one spelling each, and no other verb. */

import fc from 'fast-check';
import t from 'tap';
import { parseZfs } from '../../src/command/zfs-verbs.ts';
import type { RefusalCode } from '../../src/refusal.ts';
import { get, list, snapshot } from '../fixtures/command/operations.ts';
import { named } from '../fixtures/command/texts.ts';

const HOME = 'tank/home';
const deep = Number.POSITIVE_INFINITY;
const [scripted, parsable] = [true, true];
const sent = (sequence: number) => snapshot(HOME, 'zrep', sequence);
const send = (flags: string, base?: object) => ({
  kind: 'send',
  dataset: HOME,
  tag: 'zrep',
  snapshot: sent(2),
  base,
  flags: [...flags],
});

const dry = (dryRun: string, flags = '', base?: object) => ({ ...send(flags, base), dryRun });

const READ: readonly (readonly [words: string, operation: object])[] = [
  ['list tank/home', list(HOME)],
  ['list tank/home@by-hand', list(HOME, { snapshot: 'by-hand' })],
  ['list -Hp tank/home', list(HOME, { scripted, parsable })],
  ['list -r tank/home', list(HOME, { depth: deep })],
  ['list -d 3 tank/home', list(HOME, { depth: 3 })],
  ['list -Hrd 1 -t snap tank/home', list(HOME, { scripted, depth: 1, types: ['snapshot'] })],
  ['list -d 0 -r tank/home', list(HOME, { depth: 0 })],
  ['list -t fs,vol,snap,filesystem tank', list('tank', { types: ['filesystem', 'volume', 'snapshot'] })],
  ['list -t all,bookmark tank', list('tank', { types: ['all', 'bookmark'] })],
  ['list -o name,zrep:sent tank', list('tank', { columns: ['name', 'zrep:sent'] })],
  ['list -s used -S name -s used tank', list('tank', { sort: [{ property: 'used', descending: false }, { property: 'name', descending: true }, { property: 'used', descending: false }] })],
  ['get zrep:master tank/home', get(HOME, ['zrep:master'])],
  ['get -Hp -o value,name -s local,received used,guid tank/home', get(HOME, ['used', 'guid'], { scripted, parsable, fields: ['value', 'name'], sources: ['local', 'received'] })],
  ['get -rd 2 -t vol all tank/home@x', get(HOME, ['all'], { depth: 2, types: ['volume'], snapshot: 'x' })],
  ['get -s local,default,inherited,received,temporary,none -o name,property,value,source a tank', get('tank', ['a'], { fields: ['name', 'property', 'value', 'source'], sources: ['local', 'default', 'inherited', 'received', 'temporary', 'none'] })],
  ['send tank/home@zrep_000002', send('')],
  ['send -wLc -e tank/home@zrep_000002', send('Lcew')],
  ['send -p -b -R tank/home@zrep_000002', send('Rbp')],
  ['send --raw --large-block --compressed --embed --props --backup --replicate tank/home@zrep_000002', send('LRbcepw')],
  ['send -i tank/home@zrep_000001 tank/home@zrep_000002', send('', { through: '-i', snapshot: sent(1) })],
  ['send -cI @zrep_000001 tank/home@zrep_000002', send('c', { through: '-I', snapshot: sent(1) })],
  ['send -I @off_000001 tank/home@zrep_000002', send('', { through: '-I', snapshot: snapshot(HOME, 'off', 1) })],
  ['send -nP tank/home@zrep_000002', dry('nP')],
  ['send -n -w -P tank/home@zrep_000002', dry('nP', 'w')],
  ['send -PvnR -i @zrep_000001 tank/home@zrep_000002', dry('nvP', 'R', { through: '-i', snapshot: sent(1) })],
  ['send --verbose --raw --parsable --dryrun tank/home@zrep_000002', dry('nvP', 'w')],
]; // biome-ignore format: one table

const OTHER_VERBS = [
  'create', 'destroy', 'snapshot', 'rollback', 'clone', 'promote', 'rename', 'bookmark', 'program', 'set', 'inherit',
  'upgrade', 'mount', 'umount', 'share', 'receive', 'recv', 'allow', 'unallow', 'hold', 'release', 'holds', 'diff',
  'load-key', 'change-key', 'redact', 'userspace', 'jail', 'wait', 'version', 'help', 'LIST', 'lists', '--help', '-?', '',
]; // biome-ignore format: one list

const REFUSED: readonly (readonly [code: RefusalCode, words: readonly string[]])[] = [
  ['unknown-verb', OTHER_VERBS.map((verb) => `${verb} tank/home`)],
  ['unknown-verb', ['', '-v list tank', 'toString tank']],
  ['bad-usage', ['list', 'list -r', 'list a b', 'list tank -r', 'list -H -H a', 'list -HH a', 'list -d 1 -d 1 a']],
  ['bad-usage', ['list -d1 a', 'list -d x a', 'list -d -1 a', 'list -d 1000 a', 'list -d', 'list -t a', 'list -oname a']],
  ['bad-usage', ['list -t files a', 'list -t fs, a', 'list -t ,fs a', 'list -t FS a', 'list -t fs -t vol a', 'list -o a -o b c']],
  ['bad-usage', ['list -j a', 'list -v a', 'list - a', 'list -- a', 'list --json a', 'list --raw a', 'list -Hx a', 'list -tH fs a']],
  ['bad-name', ['list /tank', 'list tank/', 'list ./x', 'list tank@a@b', 'list tank@', 'list @a', 'list tank#mark', 'list tank@a,b', 'list tank@a%b']],
  ['bad-name', ['list -o name, a', 'list -o Name a', 'list -o ../x a', 'list -s -r a', 'list -S @x a', 'list -o user@x a']],
  ['bad-usage', ['get', 'get a', 'get a b c', 'get a b -H', 'get -o all a b', 'get -o name,all a b', 'get -s x a b', 'get -s local, a b']],
  ['bad-usage', ['get -S a b c', 'get -o value -o name a b', 'get -s local -s none a b', `get ${Array(33).fill('a').join()} tank`]],
  ['bad-name', ['get , tank', 'get a,,b tank', 'get A tank', 'get a a/', 'get userused@root tank']],
  ['bad-usage', ['send', 'send -w', 'send a@zrep_000001 b@zrep_000001', 'send a@zrep_000001 -w', 'send -ww a@zrep_000001', 'send -w --raw a@zrep_000001']],
  ['bad-usage', ['send -D a@zrep_000001', 'send -v a@zrep_000001', 'send -n a@zrep_000001', 'send -t 1-0-1-00', 'send -S a', 'send -d x a@zrep_000001', 'send -h a@zrep_000001', 'send -X a b@zrep_000001']],
  ['bad-usage', ['send -P a@zrep_000001', 'send -vP a@zrep_000001', 'send -nv a@zrep_000001', 'send --dryrun a@zrep_000001', 'send --verbose a@zrep_000001', 'send --parsable a@zrep_000001']],
  ['bad-usage', ['send -nPn a@zrep_000001', 'send -nvvP a@zrep_000001', 'send -nP --dryrun a@zrep_000001', 'send -nPV a@zrep_000001', 'send --dry-run -P a@zrep_000001', 'send -nPt 1-0-1-00']],
  ['bad-usage', ['list -n a', 'get -nP a b', 'list --parsable a', 'list --verbose a', 'send -nP', 'send -nP a@zrep_000001 -v']],
  ['bad-usage', ['send --w a@zrep_000001', 'send --raw=1 a@zrep_000001', 'send --redact x a@zrep_000001', 'send --dedup a@zrep_000001', 'send --i @x a@zrep_000001', 'send --RAW a@zrep_000001']],
  ['bad-usage', ['send -i@zrep_000001 a@zrep_000002', 'send -i @zrep_000001 -I @zrep_000001 a@zrep_000002', 'send -i @zrep_000001 -i @zrep_000001 a@zrep_000002', 'send -i a@zrep_000001']],
  ['bad-usage', ['send -i b@zrep_000001 a@zrep_000002', 'send -I a/b@zrep_000001 a@zrep_000002', 'send -i', 'send -iw @zrep_000001 a@zrep_000002']],
  ['bad-name', ['send a', 'send a@x', 'send a#b', 'send a@zrep_000001,zrep_000002', 'send a@zrep_00000A', 'send @zrep_000001', 'send a@b@zrep_000001']],
  ['bad-name', ['send -i zrep_000001 a@zrep_000002', 'send -i a#b a@zrep_000002', 'send -i @x a@zrep_000002', 'send -i a a@zrep_000002', 'send -i -w a@zrep_000002', 'send -i @@zrep_000001 a@zrep_000002']],
]; // biome-ignore format: one table

const split = (words: string): string[] => words.split(' ').filter((word) => word !== '');

t.test('options in front of the operand are read by their letters, together or apart', async (t) => {
  for (const [words, operation] of READ) t.strictSame(parseZfs(split(words)), operation, named(words));
});

t.test('other verbs, other options, and second spellings are refused', async (t) => {
  for (const [code, all] of REFUSED) {
    for (const words of all) t.match(parseZfs(split(words)), { refused: code }, named(`zfs ${words}`));
  }
});

/** Each option of a dry run or a stream, by its names. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  ...{ n: ['-n', '--dryrun'], P: ['-P', '--parsable'], v: ['-v', '--verbose'] },
  ...{ L: ['-L', '--large-block'], c: ['-c', '--compressed'], w: ['-w', '--raw'] },
};

t.test(
  'a dry run is -n and -P, perhaps -v, in any order and spelling; other mixtures of the three are none',
  async () => {
    const letters = fc.shuffledSubarray(Object.keys(SPELLINGS));
    const long = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    const property = fc.property(letters, long, (letters, long) => {
      const words = letters.map((letter, index) => SPELLINGS[letter]?.[Number(long[index])] ?? '');
      const found = parseZfs(['send', ...words, 'tank/home@zrep_000002']);
      const about = ['n', 'v', 'P'].filter((letter) => letters.includes(letter)).join('');
      if (!['', 'nP', 'nvP'].includes(about)) return 'refused' in found && found.refused === 'bad-usage';
      const flags = ['L', 'c', 'w'].filter((letter) => letters.includes(letter));
      return (
        'kind' in found &&
        found.kind === 'send' &&
        found.flags.join() === flags.join() &&
        (found.dryRun ?? '') === about &&
        'dryRun' in found === (about !== '')
      );
    });
    fc.assert(property, { numRuns: 1000 });
  },
);

t.test('32 properties are asked for at a time, not more', async (t) => {
  const properties = Array<string>(32).fill('used');
  t.strictSame(parseZfs(['get', properties.join(), 'tank']), get('tank', properties));
  t.match(parseZfs(['list', '-o', [...properties, 'used'].join(), 'tank']), { refused: 'bad-usage' });
});

t.test('an empty word is neither an option nor a name', async (t) => {
  for (const words of [
    ['list', ''],
    ['get', '', 'tank'],
    ['get', 'used', ''],
    ['send', ''],
    ['list', '-o', '', 'tank'],
  ]) {
    t.match(parseZfs(words), { refused: 'bad-name' }, named(words.join(' ')));
  }
});
