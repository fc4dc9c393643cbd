/** Which commands a policy allows, and with which words the others are refused. */

import fc from 'fast-check';
import t from 'tap';
import type { Allowed } from '../../src/policy/decide.ts';
import { isRefusal } from '../../src/refusal.ts';
import { someDataset, someGrants, speakerFor, within } from '../fixtures/policy/arbitrary.ts';
import { codeOf, judge, NOW, policyFrom, policyOf, tokenFor } from '../fixtures/policy/judge.ts';

const policy = await policyFrom(`
zrep.send-flags = ["-c", "-L"]
[client.backup2]
from = ["192.0.2.10"]
grant = [{ dataset = "tank/home", operations = ["pull"] }]
[client.backup1]
grant = [
  { dataset = "tank", subtree = true, operations = ["pull", "expire", "send"], recursive = true, except = ["tank/secret"] },
  { dataset = "tank/home", subtree = true, operations = ["read"] },
  { dataset = "tank/home/alice", operations = ["pull"], tags = ["off"], resume = true, filters = ["lz4"] },
  { dataset = "tank/raw", operations = ["pull", "send"], raw = "required", resume = true },
  { dataset = "tank/plain", operations = ["pull", "send"], raw = "forbidden", resume = true },
  { dataset = "tank/vm", subtree = true, operations = ["pull", "expire", "send"], recursive = true, properties = true },
  { dataset = "tank/vm/same", operations = ["pull", "expire", "send"], recursive = true },
  { dataset = "lake/new", operations = ["init"], filters = ["lz4"] },
  { dataset = "lake/new/raw", operations = ["init"], raw = "required", recursive = true, resume = true },
  { dataset = "lake/new/wide", operations = ["init", "pull"], recursive = true },
  { dataset = "lake/new/wide/alike", operations = ["init"], recursive = true },
]`);

/** [what the client says, the verdict's code]. {RAW}, {PLAIN}, {ALICE} are tokens. */
const VERDICTS: [string, string][] = [
  ['zrep snaponly tank', 'allowed'],
  ['zrep snaponly tank/other/deep', 'allowed'],
  ['zrep snaponly tankard', 'not-granted'],
  ['zrep snaponly tank/secret', 'not-granted'],
  ['zrep snaponly tank/secret/below', 'not-granted'],
  ['zrep snaponly tank/secrets', 'allowed'],
  ['zrep snaponly tank/home', 'operation-not-granted'],
  ['zrep snaponly tank/home2', 'allowed'],
  ['zfs list tank', 'operation-not-granted'],
  ['zfs list tank/home', 'allowed'],
  ['zfs list tank/home/alice', 'operation-not-granted'],
  ['zfs list tank/home/alice/below', 'allowed'],
  ['zrep snaponly tank/home/alice', 'tag-not-granted'],
  ['zrep -t off snaponly tank/home/alice', 'allowed'],
  ['zrep -t off expire -L tank/home/alice', 'operation-not-granted'],
  ['zrep expire -L tank/raw', 'operation-not-granted'],
  ['zfs send -i @off_000001 tank/vm@zrep_000002', 'tag-not-granted'],
  ['zfs send -i @zrep_000001 tank/vm@zrep_000002', 'allowed'],
  ['zrep -t off -R snaponly tank/home/alice', 'recursive-not-granted'],
  ['zrep -R snaponly tank', 'recursive-crosses-grant'],
  ['zrep -R snaponly tank/home2', 'allowed'],
  ['zrep -R snaponly tank/vm', 'allowed'],
  ['zrep -R _refreshpull tank/vm@zrep_000001', 'allowed'],
  ['zfs send -R tank/vm@zrep_000001', 'allowed'],
  ['zfs send -R tank@zrep_000001', 'recursive-crosses-grant'],
  ['zfs send -p tank/vm@zrep_000001', 'allowed'],
  ['zfs send -p tank/vm/same@zrep_000001', 'properties-not-granted'],
  ['zfs send -b tank/vm/same@zrep_000001', 'properties-not-granted'],
  ['zfs send -nP tank/vm@zrep_000001', 'allowed'],
  ['zfs send -nvP -R tank/vm@zrep_000001', 'allowed'],
  ['zfs send -nP tank/home@zrep_000001', 'operation-not-granted'],
  ['zfs send -nP tank/secret@zrep_000001', 'not-granted'],
  ['zfs send -nP -R tank@zrep_000001', 'recursive-crosses-grant'],
  ['zfs send -nP -p tank/vm/same@zrep_000001', 'properties-not-granted'],
  ['zfs send -nP -i @off_000001 tank/vm@zrep_000002', 'tag-not-granted'],
  ['zfs send -nP tank/raw@zrep_000001', 'raw-required'],
  ['zfs send -nP -w tank/plain@zrep_000001', 'raw-forbidden'],
  ['zfs send -nP tank/vm@zrep_000001 | gzip', 'bad-usage'],
  ['zfs send -nP tank/other@zrep_000001 | nonsense', 'bad-usage'],
  ['zfs send -w tank/raw@zrep_000001', 'allowed'],
  ['zfs send tank/raw@zrep_000001', 'raw-required'],
  ['zfs send -w tank/plain@zrep_000001', 'raw-forbidden'],
  ['zfs send tank/plain@zrep_000001', 'allowed'],
  ['zrep _refreshpull tank/raw@zrep_000001 {RAW}', 'allowed'],
  ['zrep _refreshpull tank/plain@zrep_000001 {RAW}', 'token-mismatch'],
  ['zrep _refreshpull tank/raw@zrep_000001 {UNRAW}', 'raw-required'],
  ['zrep _refreshpull tank/plain@zrep_000001 {PLAIN}', 'allowed'],
  ['zrep _refreshpull tank/plain@zrep_000001 {PLAINRAW}', 'raw-forbidden'],
  ['zrep _refreshpull tank/vm@zrep_000001 {PLAIN}', 'resume-not-granted'],
  ['zrep -t off _refreshpull tank/home/alice@off_000001 {ALICE}', 'token-mismatch'],
  ['zrep -t off _refreshpull tank/home/alice@off_000001 | lz4 -9', 'allowed'],
  ['zrep -t off _refreshpull tank/home/alice@off_000001 | gzip', 'filter-not-granted'],
  ['zrep -t off _refreshpull tank/home/alice@off_000001 | lz4 | lz4 -f', 'filter-arguments'],
  ['zrep _init lake/new backup vault/new 5', 'allowed'],
  ['zrep _initpull lake/new@zrep_000000 | lz4', 'allowed'],
  ['zrep _initpull lake/new@zrep_000000 | gzip', 'filter-not-granted'],
  [`zrep _refreshcomplete lake/new@zrep_000000 zrep:sent=${NOW}`, 'allowed'],
  ['zrep snaponly lake/new', 'operation-not-granted'],
  ['zrep _refreshpull lake/new@zrep_000001', 'operation-not-granted'],
  ['zrep expire -L lake/new', 'operation-not-granted'],
  ['zfs send lake/new@zrep_000000', 'operation-not-granted'],
  ['zfs list lake/new', 'operation-not-granted'],
  ['zrep _state tank/other', 'allowed'],
  ['zrep -R _state tank/other', 'allowed'],
  ['zrep -R _state tank/plain', 'recursive-not-granted'],
  ['zrep -R _state lake/new/raw', 'operation-not-granted'],
  ['zrep -R _state lake/new/wide', 'recursive-crosses-grant'],
  ['zrep -R _state tank', 'recursive-crosses-grant'],
  ['zrep _state lake/new', 'allowed'],
  ['zrep _state tank/plain', 'allowed'],
  ['zrep _state tank/home', 'operation-not-granted'],
  ['zrep _state tank/secret', 'not-granted'],
  ['zrep _state tank/secret/below', 'not-granted'],
  ['zrep -t off _state tank/other', 'tag-not-granted'],
  ['zrep _state tank/home/alice', 'tag-not-granted'],
  ['zrep _refreshpull tank/other@zrep_000001 from=1', 'allowed'],
  ['zrep -t off _refreshpull tank/home/alice@off_000001 from=1 | lz4', 'allowed'],
  ['zrep _refreshpull tank/home@zrep_000001 from=1', 'operation-not-granted'],
  ['zrep _refreshpull lake/new@zrep_000001 from=1', 'operation-not-granted'],
  ['zrep _refreshpull tank/secret@zrep_000001 from=1', 'not-granted'],
  ['zrep -R _refreshpull tank@zrep_000001 from=1', 'recursive-crosses-grant'],
  ['zrep _init tank/other backup vault/other 5', 'operation-not-granted'],
  ['zrep _uninit lake/new backup vault/new', 'allowed'],
  ['zrep _uninit tank/other backup vault/other', 'operation-not-granted'],
  ['zrep _uninit tank/secret backup vault/other', 'not-granted'],
  ['zrep -t off _uninit lake/new backup vault/new', 'tag-not-granted'],
  ['zrep -R _uninit lake/new backup vault/new', 'recursive-not-granted'],
  ['zrep -R _uninit lake/new/wide backup vault/new', 'allowed'],
  ['zrep _initpull tank/other@zrep_000000', 'operation-not-granted'],
  ['zrep _init tank/secret backup vault/other 5', 'not-granted'],
  ['zrep _init vault/new backup tank/new 5', 'not-granted'],
  ['zrep -t off _init lake/new backup vault/new 5', 'tag-not-granted'],
  ['zrep -t off _initpull lake/new@off_000000', 'tag-not-granted'],
  ['zrep -R _init lake/new backup vault/new 5', 'recursive-not-granted'],
  ['zrep -R _initpull lake/new@zrep_000000', 'recursive-not-granted'],
  ['zrep -R _init lake/new/wide backup vault/new 5', 'allowed'],
  ['zrep -R _initpull lake/new/wide@zrep_000000', 'allowed'],
  ['zrep -R _refreshpull lake/new/wide@zrep_000001', 'recursive-crosses-grant'],
  ['zrep -R _init tank/vm backup vault/vm 5', 'operation-not-granted'],
  ['zrep _initpull lake/new@zrep_000000 {NEW}', 'resume-not-granted'],
  ['zrep _initpull lake/new/raw@zrep_000000 {NEWRAW}', 'allowed'],
  ['zrep _initpull lake/new/raw@zrep_000000 {NEWUNRAW}', 'raw-required'],
  ['zrep _initpull lake/new/raw@zrep_000000 {RAW}', 'token-mismatch'],
];

const TOKENS: Record<string, string> = {
  RAW: tokenFor('tank/raw@zrep_000001', 'rawok'),
  UNRAW: tokenFor('tank/raw@zrep_000001', 'compressok'),
  PLAIN: tokenFor('tank/plain@zrep_000001'),
  PLAINRAW: tokenFor('tank/plain@zrep_000001', 'rawok'),
  NEW: tokenFor('lake/new@zrep_000000'),
  NEWRAW: tokenFor('lake/new/raw@zrep_000000', 'rawok'),
  NEWUNRAW: tokenFor('lake/new/raw@zrep_000000'),
  ALICE: tokenFor('tank/home/alice@zrep_000001'),
};
const withTokens = (command: string): string =>
  command.replace(/\{(\w+)\}/g, (_, name) => TOKENS[name] as string);

t.test('each command gets its verdict from the most specific grant', async (t) => {
  for (const [command, code] of VERDICTS) t.equal(codeOf(judge(policy, withTokens(command))), code, command);
});

t.test('with the state goes what the policy says to a refresh by the same client', async (t) => {
  const flagged = await policyFrom(`
zrep.send-flags = ["-w"]
[client.backup1]
grant = [
  { dataset = "tank/new", operations = ["init"] },
  { dataset = "tank/alone", operations = ["pull", "expire"] },
  { dataset = "tank/tree", operations = ["pull", "expire"], recursive = true },
]`);
  const asked = (dataset: string) => judge(flagged, `zrep _state ${dataset}`) as Allowed;
  t.match(asked('tank/new'), {
    barred: { refused: 'operation-not-granted', reason: /"pull"/ },
    sendFlags: [],
  });
  const { barred, sendFlags, alsoExpiring, reach } = asked('tank/alone');
  t.strictSame([barred, sendFlags, alsoExpiring, reach], [undefined, ['w'], 'alone', 'alone']);
  t.match(asked('tank/tree'), { reach: 'alone', alsoExpiring: { spared: [] } });
  t.equal((judge(policy, 'zrep _state tank/raw') as Allowed).alsoExpiring, undefined, 'without "expire"');
});

t.test('a mark may expire, where the client may, and asks for it', async (t) => {
  const own = await policyFrom(`
[client.backup1]
grant = [
  { dataset = "tank/home", operations = ["pull", "expire"] },
  { dataset = "tank/vm", operations = ["pull", "expire"], recursive = true },
  { dataset = "tank/raw", operations = ["pull"] },
]`);
  const marking = (dataset: string, words = ' expire') =>
    judge(own, `zrep _refreshcomplete ${dataset}@zrep_000001 zrep:sent=${NOW}${words}`) as Allowed;
  t.match(marking('tank/home'), { operation: { expire: true }, alsoExpiring: 'alone' });
  t.equal(marking('tank/home', '').alsoExpiring, undefined);
  t.match(marking('tank/vm').alsoExpiring, { spared: [] }, 'as far as expiring alone goes');
  t.match(marking('tank/raw'), { operation: { kind: 'refreshcomplete' }, alsoExpiring: undefined });
});

t.test('with a full stream goes what the policy says to an increment in its place', async (t) => {
  const parted = await policyFrom(`
[client.backup1]
grant = [
  { dataset = "tank/new", operations = ["init"] },
  { dataset = "tank/both", operations = ["init", "pull"] },
  { dataset = "tank/tree", operations = ["init", "pull"], subtree = true, recursive = true },
  { dataset = "tank/tree/new", operations = ["init"], recursive = true },
]`);
  const barred = (words: string) => (judge(parted, `zrep ${words}@zrep_000001`) as Allowed).barred;
  t.match(barred('_initpull tank/new'), { refused: 'operation-not-granted', reason: /"pull"/ });
  t.equal(barred('_initpull tank/both'), undefined);
  t.equal(barred('_initpull tank/tree'), undefined);
  t.match(barred('-R _initpull tank/tree'), { refused: 'recursive-crosses-grant' });
});

t.test('a client that is not known, or calls from elsewhere, gets nothing', async (t) => {
  const ask = (client: string, address?: string) =>
    codeOf(judge(policy, 'zrep snaponly tank/home', { client, address }));
  t.equal(ask('backup2', '192.0.2.10'), 'allowed');
  t.equal(ask('backup2', '192.0.2.11'), 'wrong-address');
  t.equal(ask('backup2'), 'wrong-address');
  t.equal(ask('backup3', '192.0.2.10'), 'unknown-client');
  t.equal(ask('constructor', '192.0.2.10'), 'unknown-client');
});

t.test('a sent mark counts from 31 days ago to a day ahead', async (t) => {
  const seconds = { '-2678401': false, '-2678400': true, 0: true, 86400: true, 86401: false };
  for (const [offset, believed] of Object.entries(seconds)) {
    const command = `zrep _refreshcomplete tank/vm@zrep_000001 zrep:sent=${NOW + Number(offset)}`;
    t.equal(codeOf(judge(policy, command)), believed ? 'allowed' : 'mark-out-of-range', offset);
  }
});

t.test(
  'a pull is sent with the flags of the policy and the grant, a send with those of the client alone',
  async (t) => {
    const flags = (command: string) => (judge(policy, command) as Allowed).sendFlags.join('');
    t.equal(flags('zrep _refreshpull tank/vm@zrep_000001'), 'Lc');
    t.equal(flags('zrep -R _refreshpull tank/vm@zrep_000001'), 'LRc');
    t.equal(flags('zrep _refreshpull tank/raw@zrep_000001'), 'Lcw');
    t.equal(flags('zrep _initpull lake/new@zrep_000000'), 'Lc');
    t.equal(flags('zrep -R _initpull lake/new/raw@zrep_000000'), 'LRcw');
    t.equal(flags('zfs send -pe tank/vm@zrep_000001'), 'ep');
  },
);

t.test('expiring reaches the children of a recursive grant, and spares what does not agree', async (t) => {
  const reach = (dataset: string) => {
    const { reach } = judge(policy, `zrep expire -L ${dataset}`) as Allowed;
    return reach === 'alone' ? reach : [reach.spared, reach.grants?.map((grant) => grant.dataset)];
  };
  t.same(reach('tank/vm'), [[], ['tank/vm', 'tank/vm/same']]);
  const spared = ['tank/secret', 'tank/home', 'tank/home/alice', 'tank/raw', 'tank/plain'];
  const granted = [
    'tank',
    'tank/home',
    'tank/home/alice',
    'tank/raw',
    'tank/plain',
    'tank/vm',
    'tank/vm/same',
  ];
  t.same(reach('tank'), [spared, granted]);
  const flat = await policyFrom(
    'client.backup1.grant = [{ dataset = "tank", subtree = true, operations = ["expire"] }]',
  );
  t.equal((judge(flat, 'zrep expire -L tank') as Allowed).reach, 'alone');
});

t.test(
  'where a wider grant speaks for the children, what goes through them must be allowed by it, too',
  async (t) => {
    const verdicts = async (wider: string) => {
      const both = await policyFrom(`client.backup1.grant = [
      { dataset = "tank", subtree = true, ${wider} },
      { dataset = "tank/home", recursive = true, operations = ["pull", "expire"] }]`);
      const { reach } = judge(both, 'zrep expire -L tank/home') as Allowed;
      return [
        codeOf(judge(both, 'zrep -R _refreshpull tank/home@zrep_000001')),
        reach === 'alone' ? reach : reach.spared,
      ];
    };
    t.same(await verdicts('operations = ["pull", "expire"]'), ['allowed', []]);
    t.same(await verdicts('operations = ["expire"]'), ['recursive-crosses-grant', []]);
    t.same(await verdicts('operations = ["pull"]'), ['allowed', 'alone']);
    const raw = 'operations = ["pull", "expire"], raw = "required"';
    t.same(await verdicts(raw), ['recursive-crosses-grant', 'alone']);
    const tags = 'operations = ["pull", "expire"], tags = ["off"]';
    t.same(await verdicts(tags), ['recursive-crosses-grant', 'alone']);
  },
);

/** The forms whose verdict is about one dataset alone, whatever is below; D stands for it. */
const ALONE = [
  'zrep snaponly D',
  'zrep _init D backup vault/x 5',
  'zrep _initpull D@zrep_000000',
  `zrep _refreshcomplete D@zrep_000000 zrep:sent=${NOW}`,
  'zrep _refreshpull D@zrep_000001',
  'zrep -t off expire -L D',
  'zfs list D',
  'zfs send D@zrep_000001',
];
const RECURSIVE = [
  'zrep -R snaponly D',
  'zrep -R _init D backup vault/x 5',
  'zrep -R _initpull D@zrep_000000',
  'zrep -R _refreshpull D@zrep_000001',
  'zfs send -R D@off_000001',
  'zfs send -Rw D@zrep_000001',
];
const commands = fc.constantFrom(...ALONE, ...RECURSIVE, 'zfs list -r D', 'zrep expire -L D');

const fill = (form: string, dataset: string): string => form.replace('D', dataset);

t.test('whoever speaks for a dataset decides alone, and an exception is never allowed', async () => {
  const all = fc.property(someGrants, someDataset, fc.constantFrom(...ALONE), (grants, dataset, form) => {
    const verdict = judge(policyOf(grants), fill(form, dataset));
    const speaker = speakerFor(grants, dataset);
    if (speaker === undefined || speaker.exception !== undefined) return codeOf(verdict) === 'not-granted';
    const alone = judge(policyOf([speaker.grant]), fill(form, dataset));
    return codeOf(verdict) === codeOf(alone) && (isRefusal(verdict) || verdict.grant === speaker.grant);
  });
  fc.assert(all, { numRuns: 2000 });
});

t.test('a grant for something else never changes a verdict', async () => {
  const all = fc.property(someGrants, someGrants, someDataset, commands, (grants, more, dataset, form) => {
    const unrelated = more.filter((one) => !within(dataset, one.dataset) && !within(one.dataset, dataset));
    const before = judge(policyOf(grants), fill(form, dataset));
    const after = judge(policyOf([...unrelated, ...grants]), fill(form, dataset));
    return (
      codeOf(before) === codeOf(after) && JSON.stringify(reachIn(before)) === JSON.stringify(reachIn(after))
    );
  });
  fc.assert(all, { numRuns: 2000 });
});

const reachIn = (verdict: ReturnType<typeof judge>) => (isRefusal(verdict) ? verdict.reason : verdict.reach);

t.test('what is not granted is refused in the same words, whichever dataset it is', async () => {
  const all = fc.property(someGrants, someDataset, commands, (grants, dataset, form) => {
    const speaker = speakerFor(grants, dataset);
    fc.pre(speaker === undefined || speaker.exception !== undefined);
    const stranger = JSON.stringify(judge(policyOf(grants), fill(form, 'elsewhere')));
    return (
      JSON.stringify(judge(policyOf(grants), fill(form, dataset))).replace(dataset, 'elsewhere') === stranger
    );
  });
  fc.assert(all, { numRuns: 2000 });
});
