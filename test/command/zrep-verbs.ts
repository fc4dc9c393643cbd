/** zrep's verbs: every spelling of the pull protocol's four and of our own three, and nothing of the rest of zrep. */

import fc from 'fast-check';
import t from 'tap';
import { parseZrep } from '../../src/command/zrep-verbs.ts';
import type { RefusalCode } from '../../src/refusal.ts';
import {
  completeAndExpire,
  expire,
  init,
  initpull,
  refreshcomplete,
  refreshpull,
  snaponly,
  state,
  uninit,
} from '../fixtures/command/operations.ts';
import { anyText, named } from '../fixtures/command/texts.ts';
import { FULL_FIELDS, FULL_TOKEN, INCREMENT_TOKEN } from '../fixtures/zfs/resume-token.ts';

const HOME = 'tank/home';
const recursive = true;
const READ: readonly (readonly [words: string, operation: object])[] = [
  ['snaponly tank/home', snaponly(HOME)],
  ['-R snaponly tank/home', snaponly(HOME, { recursive })],
  ['-t off snaponly tank/home', snaponly(HOME, { tag: 'off' })],
  ['-t off -R snaponly tank/home', snaponly(HOME, { tag: 'off', recursive })],
  ['-R -D -t off -D -t off snaponly tank/home', snaponly(HOME, { tag: 'off', recursive })],
  ['-D zrep snaponly tank/home', snaponly(HOME)],
  ['-D zrep -t off snaponly tank/home', snaponly(HOME, { tag: 'off' })],
  ['snaponly all/x', snaponly('all/x')],
  ['_refreshpull tank/home@zrep_000000', refreshpull(HOME, 0)],
  ['-R _refreshpull tank/home@zrep_ffffff', refreshpull(HOME, 0xffffff, { recursive })],
  ['-t a_b _refreshpull tank/home@a_b_00001f', refreshpull(HOME, 31, { tag: 'a_b' })],
  [`_refreshpull tank/home@zrep_000001 ${FULL_TOKEN}`, refreshpull(HOME, 1, { token: FULL_FIELDS })],
  ['_refreshcomplete tank/home@zrep_000001 zrep:sent=1795385385', refreshcomplete(HOME, 1, 1795385385)],
  ['_refreshcomplete tank/home@zrep_000001 zrep:sent=0', refreshcomplete(HOME, 1, 0)],
  ['-t off _refreshcomplete tank/home@off_00000a off:sent=999999999999', refreshcomplete(HOME, 10, 999999999999, 'off')],
  ['-R _refreshcomplete tank/home@zrep_000001 zrep:sent=1', refreshcomplete(HOME, 1, 1)],
  ['_refreshcomplete tank/home@zrep_000001 zrep:sent=1 expire', completeAndExpire(HOME, 1, 1)],
  ['-t off _refreshcomplete tank/home@off_000001 off:sent=1 expire', completeAndExpire(HOME, 1, 1, 'off')],
  ['_init tank/home backup vault/home 5', init(HOME, 'backup', 'vault/home', 5)],
  ['-t off -R _init tank/home _z.r-p@b-1.example.org v 999999', init(HOME, '_z.r-p@b-1.example.org', 'v', 999999, { tag: 'off', recursive })],
  [`_init tank/home ${'b'.repeat(255)} v 1`, init(HOME, 'b'.repeat(255), 'v', 1)],
  ['_uninit tank/home backup vault/home', uninit(HOME, 'backup', 'vault/home')],
  ['-t off -R _uninit tank/home backup v', uninit(HOME, 'backup', 'v', { tag: 'off', recursive })],
  ['_initpull tank/home@zrep_000000', initpull(HOME, 0)],
  [`-t zrep -R _initpull tank/home@zrep_000001 ${FULL_TOKEN}`, initpull(HOME, 1, { recursive, token: FULL_FIELDS })],
  ['_refreshpull tank/home@zrep_000001 from=1', refreshpull(HOME, 1, { from: '1' })],
  ['-t off -R _refreshpull tank/home@off_000001 from=18446744073709551615', refreshpull(HOME, 1, { tag: 'off', recursive, from: '18446744073709551615' })],
  ['_state tank/home', state(HOME)],
  ['-R _state tank/home', state(HOME, 'zrep', true)],
  ['-t off -R _state tank/home', state(HOME, 'off', true)],
  ['-D -t off -D -t off _state tank/home', state(HOME, 'off')],
  ['expire -L tank/home', expire(HOME)],
  ['-t off -D -t off expire -L tank/home', expire(HOME, 'off')],
]; // biome-ignore format: one table

const REFUSED: readonly (readonly [code: RefusalCode, words: readonly string[]])[] = [
  ['unknown-verb', ['', '-R', '-D', 'zrep', 'zrep snaponly tank/home', '-D zrep zrep snaponly tank/home']],
  ['unknown-verb', ['init a b c', 'init a b c 5', '_INIT a b c 5', 'initpull a@zrep_000001', '_initcomplete a', 'sync tank/home', 'failover tank/home', 'takeover tank/home', 'clear tank/home']],
  ['unknown-verb', ['status', 'list', 'version', 'changeconfig -f a b c', 'sentsync a', 'refresh a', 'SNAPONLY a']],
  ['unknown-verb', ['-S all', '-e -L tank/home', '-DR snaponly tank/home', '--help', '-toff snaponly tank/home']],
  ['unknown-verb', ['-D /usr/bin/zrep snaponly tank/home', '-D zfs list tank/home', 'toString a', 'constructor a']],
  ['bad-name', ['-t', '-t -D snaponly tank/home', '-t ../x snaponly a', '-t A snaponly a', '-t a/b snaponly a']],
  ['bad-name', ['snaponly -R', 'snaponly /etc', 'snaponly tank/home@x', 'snaponly tank//x', 'snaponly tank/home/']],
  ['bad-usage', ['-t a -t b snaponly tank/home', 'snaponly', 'snaponly a b', 'snaponly tank/home -R', 'snaponly all']],
  ['bad-usage', ['_refreshpull', '_refreshpull a@zrep_000001 x y', 'expire -L all']],
  ['bad-name', ['_refreshpull tank/home', '_refreshpull tank/home@x', '_refreshpull tank/home@zrep_00000A']],
  ['bad-name', ['_refreshpull tank/home@zrep_0000001', '_refreshpull tank/home@zrep_00001', '_refreshpull -R a']],
  ['bad-name', ['_refreshpull tank/home@off_000001', '-t off _refreshpull tank/home@zrep_000001']],
  ['bad-name', ['_refreshpull tank/home@zrep_000001_unsent', '_refreshpull a@zrep_000001,zrep_000002']],
  ['bad-token', ['_refreshpull tank/home@zrep_000001 -R', '_refreshpull tank/home@zrep_000001 1-0-1-00']],
  ['bad-token', [`_refreshpull a@zrep_000001 ${FULL_TOKEN.toUpperCase()}`, `_refreshpull a@zrep_000001 ${FULL_TOKEN}0`]],
  ['bad-name', ['', '0', '00', '01', '-1', '+1', '1.0', '1e3', '0x1', '18446744073709551616', '99999999999999999999', '100000000000000000000', 'tank/secret@x', 'zrep_000000', '@zrep_000000', '#mark', '1,2', '1%2', 'from=1'].map((word) => `_refreshpull a@zrep_000001 from=${word}`)],
  ['bad-usage', [`_refreshpull a@zrep_000001 from=1 ${FULL_TOKEN}`, `_refreshpull a@zrep_000001 ${FULL_TOKEN} from=1`, '_refreshpull a@zrep_000001 from=1 from=2']],
  ['bad-token', ['_refreshpull a@zrep_000001 FROM=1', '_refreshpull a@zrep_000001 1', '_refreshpull a@zrep_000001 -from=1']],
  ['bad-name', ['_refreshpull from=1', '_refreshpull from=1 a@zrep_000001', '-t off _refreshpull a@zrep_000001 from=1']],
  ['bad-usage', ['_initpull a@zrep_000001 from=1', '_state', '_state a b', '_state a from=1', '_state all', '_state -R a']],
  ['bad-name', ['_state a@zrep_000001', '_state a#x', '_state -a', '_state /a', '_state a,b', '_state %recv']],
  ['unknown-verb', ['state a', '_STATE a', '-S _state a']],
  ['bad-usage', ['', 'expire', '-L', 'Expire', 'expire expire', 'expire -L', 'expire=1', 'zrep:sent=2'].map((words) => `_refreshcomplete a@zrep_000001 ${words === 'expire' ? '' : 'zrep:sent=1 '}${words || '--'}`)],
  ['bad-usage', ['_init', '_init a h b', '_init a h b 5 6', '_init -R a h b 5', '_init all h b 5', '_init a h all 5']],
  ['bad-usage', ['_uninit', '_uninit a h', '_uninit a h b 5', '_uninit -R a h b', '_uninit all h b', '_uninit a h all']],
  ['bad-name', ['_uninit a@zrep_000001 h b', '_uninit a -h b', '_uninit a h /b']],
  ['bad-usage', ['0', '05', '1000000', '-1', '1e3', '5x', '1.0'].map((count) => `_init a h b ${count}`)],
  ['bad-name', ['-oProxyCommand=x', '-h', '.h', '@h', 'u@', 'u@@h', 'a@b@h', '-u@h', 'h:22', 'h%h', 'h/x', 'h=x', 'h+', 'h,i', 'h'.repeat(256)].map((host) => `_init a ${host} b 5`)],
  ['bad-name', ['_init a@zrep_000001 h b 5', '_init a h b@x 5', '_init a h -F 5', '_init a h /b 5', '_init -a h b 5']],
  ['bad-usage', ['_initpull', '_initpull a@zrep_000001 x y']],
  ['bad-name', ['_initpull tank/home', '_initpull a@x', '-t off _initpull a@zrep_000001', '_initpull -R a@zrep_000001']],
  ['bad-token', ['_initpull a@zrep_000001 -R', `_initpull a@zrep_000001 ${FULL_TOKEN}0`]],
  ['bad-name', ['_refreshcomplete', '_refreshcomplete tank/home canmount=off', '-t off _refreshcomplete a@zrep_000001 off:sent=1']],
  ['bad-usage', ['_refreshcomplete a@zrep_000001', '_refreshcomplete a@zrep_000001 zrep:sent=1 b@zrep_000001']],
  ['bad-usage', ['', 'x', '-1', '+1', '1e9', '0x1', '01', '1.0', '1,readonly=off', '1000000000000'].map((value) => `_refreshcomplete a@zrep_000001 zrep:sent=${value}`)],
  ['bad-usage', ['zrep:master=yes', 'zrep:savecount=1', 'off:sent=1', 'sent=1', 'readonly=off', '-u', 'zrep:sent'].map((word) => `_refreshcomplete a@zrep_000001 ${word}`)],
  ['bad-usage', ['expire', 'expire tank/home', 'expire -L', 'expire tank/home -L', 'expire -L a b', 'expire -L -L a']],
  ['bad-name', ['expire -L tank/home@zrep_000001', 'expire -L -a']],
]; // biome-ignore format: one table

const split = (words: string): string[] => words.split(' ').filter((word) => word !== '');

t.test('every order of the switches a stock client writes is read, with what it says', async (t) => {
  for (const [words, operation] of READ)
    t.strictSame(parseZrep('zrep', split(words)), operation, named(words));
});

t.test('a verb is read exactly as the protocol has it, or refused', async (t) => {
  for (const [code, all] of REFUSED) {
    for (const words of all)
      t.match(parseZrep('zrep', split(words)), { refused: code }, named(`zrep ${words}`));
  }
});

t.test('the word that may come twice is the very word that zrep was called by', async (t) => {
  const words = ['-D', '/opt/zrep', 'snaponly', HOME];
  t.strictSame(parseZrep('/opt/zrep', words), snaponly(HOME));
  t.match(parseZrep('/usr/bin/zrep', words), { refused: 'unknown-verb' });
});

t.test('behind from= nothing is taken but a number of 64 bits as zfs prints it', async () => {
  const guid = fc.bigInt({ min: 0n, max: 2n ** 66n });
  const word = fc.oneof(
    anyText,
    guid.map(String),
    fc.tuple(fc.stringMatching(/^[0 +-]$/), guid).map((parts) => parts.join('')),
  );
  const all = fc.property(word, (text) => {
    const read = parseZrep('zrep', ['_refreshpull', 'tank/home@zrep_000001', `from=${text}`]);
    const taken = !('refused' in read);
    const good =
      /^[0-9]+$/.test(text) && String(BigInt(text)) === text && 0n < BigInt(text) && BigInt(text) < 2n ** 64n;
    return taken === good && (!taken || ('from' in read && read.from === text));
  });
  fc.assert(all);
});

t.test("a token is carried as what it says, not as the client's text", async (t) => {
  const found = parseZrep('zrep', ['-t', 'off', '_refreshpull', 'tank/home@off_00000a', INCREMENT_TOKEN]);
  t.match(found, {
    token: { toguid: 0xfedcba9876543210n, features: ['largeblockok', 'embedok', 'compressok', 'rawok'] },
  });
  t.notMatch(
    JSON.stringify(found, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    /789c/,
  );
});

t.test('an empty word is no name', async (t) => {
  for (const words of [
    ['snaponly', ''],
    ['_refreshpull', ''],
    ['_init', 'a', '', 'b', '5'],
    ['_init', 'a', 'h', '', '5'],
    ['_refreshcomplete', '', ''],
    ['-t', '', 'snaponly', 'a'],
  ]) {
    t.match(parseZrep('zrep', words), { refused: 'bad-name' }, words.join(' '));
  }
  t.match(parseZrep('zrep', ['expire', '-L', '']), { refused: 'bad-usage' });
  t.match(parseZrep('zrep', ['_refreshpull', 'a@zrep_000001', '']), { refused: 'bad-token' });
});
