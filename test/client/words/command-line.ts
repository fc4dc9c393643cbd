/** Command lines: what each verb takes, and what is said of what it does not. */

import fc from 'fast-check';
import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import { readCommandLine, VERBS } from '../../../src/client/words/command-line.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const read = (text: string) => readCommandLine(text.split(' ').filter((word) => word !== ''));

/** The message of the UsageError that reading `text` ends in; undefined when it does not. */
function mistake(text: string): string | undefined {
  try {
    read(text);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return undefined;
}

const usageOf = (verb: string) => VERBS[verb]?.usage[0];
const [PULL, PUSH] = VERBS['init']?.usage ?? [];

const NO = { recursive: false, debug: false };
const NONE = { ...NO, force: false, verbose: false, resume: false };
const refresh = { kind: 'refresh', datasets: ['tank/a'], all: false, json: false, yes: false };

t.test('a verb has its operands and its options, in any order', async (t) => {
  const commands: [string, object][] = [
    ['refresh tank/a', refresh],
    ['refresh -f -v -r tank/a', refresh],
    ['refresh tank/a tank/b -v', { ...refresh, datasets: ['tank/a', 'tank/b'] }],
    ['refresh -f --yes tank/a', { ...refresh, yes: true }],
    ['refresh -j 8 tank/a', { ...refresh, jobs: 8 }],
    ['refresh --json all', { ...refresh, datasets: [], all: true, json: true }],
    ['init tank/a root@b pool/a', { kind: 'init', source: 'tank/a', host: 'root@b', destination: 'pool/a' }],
    ['-i -f tank/a b pool/a', { kind: 'init', source: 'tank/a', host: 'b', destination: 'pool/a' }],
    [
      'init --pull root@b:tank/a pool/a',
      {
        kind: 'init-pull',
        host: 'root@b',
        source: 'tank/a',
        destination: 'pool/a',
        dryRun: false,
        ignoreRoom: false,
        anew: false,
        undo: false,
      },
    ],
    [
      '-i --dry-run --pull b:tank pool/a',
      {
        kind: 'init-pull',
        host: 'b',
        source: 'tank',
        destination: 'pool/a',
        dryRun: true,
        ignoreRoom: false,
        anew: false,
        undo: false,
      },
    ],
    [
      'init --pull --undo --ignore-room b:tank pool/a',
      {
        kind: 'init-pull',
        host: 'b',
        source: 'tank',
        destination: 'pool/a',
        dryRun: false,
        ignoreRoom: true,
        anew: false,
        undo: true,
      },
    ],
    ['snaponly tank/a tank/b', { kind: 'snaponly', datasets: ['tank/a', 'tank/b'], all: false }],
    ['snaponly all', { kind: 'snaponly', datasets: [], all: true }],
    ['expire', { kind: 'expire', datasets: [], all: false, local: false }],
    ['-e -L tank/a', { kind: 'expire', datasets: ['tank/a'], all: false, local: true }],
    ['expire -L all', { kind: 'expire', datasets: [], all: true, local: true }],
    ['_refreshpull a@b c', { kind: 'wire', words: ['_refreshpull', 'a@b', 'c'] }],
    ['_refreshcomplete a@b c', { kind: 'wire', words: ['_refreshcomplete', 'a@b', 'c'] }],
    ['version', { kind: 'version' }],
    ['', { kind: 'help', verb: undefined }],
    ['--help', { kind: 'help', verb: undefined }],
    ['-h', { kind: 'help', verb: undefined }],
    ['help', { kind: 'help', verb: undefined }],
    ['help refresh', { kind: 'help', verb: 'refresh' }],
    ['refresh --help', { kind: 'help', verb: 'refresh' }],
    ['-e -x --help', { kind: 'help', verb: 'expire' }],
  ];
  for (const [text, command] of commands) t.same(read(text).command, command, text);
});

t.test('what speaks to the settings is apart, wherever it stood', async (t) => {
  t.same(read('refresh tank/a').switches, NONE);
  t.same(read('refresh -f tank/a').switches, { ...NONE, force: true });
  t.same(read('refresh -v tank/a').switches, { ...NONE, verbose: true });
  for (const verb of ['refresh', 'sync', 'synconly', 'failover', 'takeover', 'init --pull b:tank/a'])
    t.same(read(`${verb} --wait 10min tank/a`).switches, { ...NONE, wait: '10min' });
  t.same(read('refresh -r tank/a').switches, { ...NONE, resume: true });
  t.same(read('init --pull -f -v b:tank/a pool/a').switches, { ...NONE, force: true, verbose: true });
  t.same(read('-R -D -t off _refreshpull x').switches, { tag: 'off', recursive: true, debug: true });
});

t.test('the switches in front of the verb can have any order', async () => {
  const switches = fc.shuffledSubarray(['-R', '-D', '-t off'], { minLength: 0 });
  const expected = (words: readonly string[]) => ({
    ...NONE,
    ...(words.includes('-t off') ? { tag: 'off' } : {}),
    recursive: words.includes('-R'),
    debug: words.includes('-D'),
  });
  fc.assert(
    fc.property(switches, (words) => {
      const found = read(`${words.join(' ')} refresh tank/a`);
      t.same(found, { switches: expected(words), command: refresh });
    }),
  );
});

t.test('what stock clients repeat is taken once', async (t) => {
  t.same(read('-t off -D -t off _refreshpull x').switches, { tag: 'off', recursive: false, debug: true });
  t.same(read('-D zrep _refreshpull x').command, { kind: 'wire', words: ['_refreshpull', 'x'] });
  t.match(mistake('-D zrep zrep _refreshpull x'), /unrecognized/);
  t.match(mistake('zrep refresh tank/a'), /unrecognized/, 'but not where no stock client does');
});

t.test('refresh without operands ends as in stock', async (t) => {
  t.throws(() => read('refresh'), new Failure('no filesystems specified for refresh'));
  t.throws(() => read('refresh -f -v'), new Failure('no filesystems specified for refresh'));
});

t.test('whatever else is wrong is said, with the form to write', async (t) => {
  const wrong: [string, string | RegExp][] = [
    ['-t', '-t needs a tag behind it, e.g. zrep -t offsite refresh FS'],
    ['-t a -t b refresh tank/a', 'two tags were given, "a" and "b"; give -t once'],
    ['refreh tank/a', 'unrecognized zrep subcommand "refreh". Did you mean zrep refresh?'],
    ['constructor', 'unrecognized zrep subcommand "constructor"; see zrep --help'],
    ['--json refresh tank/a', 'unrecognized zrep subcommand "--json"; see zrep --help'],
    ['refresh -j 0 tank/a', /^-j "0" is no number from 1 to 8; the form is: zrep refresh /],
    ['refresh -j 1.5 tank/a', /^-j "1\.5" is no number/],
    ['refresh -q tank/a', /^"-q" is no option of zrep refresh, which has -f --yes -v -r -j --wait --json; -R, -D and -t TAG stand in front/],
    ['refresh -R tank/a', /^"-R" is no option of zrep refresh, .*: zrep -R refresh \.\.\.$/],
    ['snaponly -f tank/a', /^"-f" is no option of zrep snaponly; -R/],
    ['refresh tank/a@b', `"tank/a@b" is not the name of a file system; the form is: ${usageOf('refresh')}`],
    ['refresh all tank/a', `"all" stands alone; the form is: ${usageOf('refresh')}`],
    ['refresh tank/a all', `"all" stands alone; the form is: ${usageOf('refresh')}`],
    ['snaponly', `no file system was named; the form is: ${usageOf('snaponly')}`],
    ['expire $(id)', `"$(id)" is not the name of a file system; the form is: ${usageOf('expire')}`],
    ['init tank/a b', `a file system here, a host, and a file system there are needed; the form is: ${PUSH}`],
    ['init tank/a b pool/a x', `a file system here, a host, and a file system there are needed; the form is: ${PUSH}`],
    ['init tank/a a;b pool/a', `"a;b" is not the name of a host; the form is: ${PUSH}`],
    ['init /a b pool/a', `"/a" is not the name of a file system; the form is: ${PUSH}`],
    ['init a b /a', `"/a" is not the name of a file system; the form is: ${PUSH}`],
    ['init --dry-run tank/a b pool/a', `--dry-run is for init --pull; the form is: ${PULL}`],
    ['init --pull b:tank/a', `a host with a file system there, and a file system here are needed; the form is: ${PULL}`],
    ['init --pull b:tank/a c d', `a host with a file system there, and a file system here are needed; the form is: ${PULL}`],
    ['init --pull tank/a pool/a', `"tank/a" is not HOST:FS, e.g. root@fileserver:tank/home; the form is: ${PULL}`],
    ['init --pull b:tank/a pool/', `"pool/" is not the name of a file system; the form is: ${PULL}`],
  ]; // biome-ignore format: one table
  for (const [text, message] of wrong) t.match(mistake(text), message, text);
});
