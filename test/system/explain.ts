/** What explain says would run is what serve then runs; and the verbs for people run nothing. */

import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { writeData } from '../../lab/pair.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const POLICY = `
zfs = "${LOGGED_ZFS}"
[limits]
keep-for = "0 seconds"
keep-at-least = 1
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
tags = ["zrep", "off"]
operations = ["pull", "expire", "read", "send"]
recursive = true
properties = true
filters = ["gzip"]

[[example]]
client = "backup1"
command = "zrep snaponly tank/home"
verdict = "allow"
`;

/** HOME and NOW stand for what is known when it runs. */
const COMMANDS = [
  'zrep snaponly HOME',
  'zrep -R snaponly HOME',
  'zrep  _refreshpull HOME@zrep_000004  ',
  'zrep _refreshpull HOME@zrep_000004 | gzip -1',
  'zrep -R _refreshpull HOME@zrep_000004',
  'zrep _refreshcomplete HOME@zrep_000004 zrep:sent=NOW',
  'zrep expire -L HOME',
  'zrep -t off snaponly HOME',
  'zrep -t off _refreshpull HOME@off_000001',
  'zrep -t off _refreshcomplete HOME@off_000001 off:sent=NOW',
  'zfs list -H -o name HOME',
  'zfs get -H -o value zrep:master HOME',
  'zfs send HOME@zrep_000004',
  'zfs send -p -I HOME@zrep_000003 HOME@zrep_000004 | gzip -c',
  // zfs-fuse has no dry runs.
  ...(zfsKind() === 'kernel'
    ? ['zfs send -nP HOME@zrep_000004', 'zfs send -Pn --verbose HOME@zrep_000004']
    : []),
];

/** What is meant by one line of a plan for several calls. */
const EACH: Record<string, readonly string[]> = {
  '<each beyond savecount>': ['zrep_000000', 'zrep_000001'],
};

/** What ZFS knew when the command ran. */
const KNOWN: Record<string, RegExp | string> = {
  '<pid>': /\d+/,
  '<now>': /\d{14}/,
  '<record>': /backup1@\d{10}/,
  '_<GUID>': /_\d+/,
  '<GUID>': /-?\d+/,
  '<this host>': 'fileserver',
  'zrep_<next>': /zrep_00000[34]/,
  'off_<next>': 'off_000001',
  '<all beyond savecount>': 'zrep_000000,zrep_000001',
};

await inGateLab(
  t,
  POLICY,
  async (gate) => {
    const { fileserver, tank, ask } = gate;
    await installWrapper(fileserver);
    const home = await makeSource(fileserver, `${tank}/home`, { snapshots: 3, sent: [2], savecount: '3' });
    await fileserver.run(['zfs', 'snapshot', zrepName(home, 0, 'off')]);
    for (const [name, value] of [
      ['sent', '1795385385'],
      ['savecount', '1'],
      ['master', 'yes'],
      ['src-host', 'fileserver'],
    ]) {
      const target = name === 'sent' ? zrepName(home, 0, 'off') : home;
      await fileserver.run(['zfs', 'set', `off:${name}=${value}`, target]);
    }
    await gate.share();

    t.test('what serve changes or streams is the plan of explain, word by word', async (t) => {
      let streamed = 0;
      for (const form of COMMANDS) {
        const now = String(Math.floor(Date.now() / 1000));
        const command = form.replaceAll('HOME', home).replace('NOW', now);
        const plan = await planOf(gate, command);
        // In the second in which it was streamed a snapshot's record would be what it is, and not be set again.
        if (command.includes('_refresh')) await wait(Math.max(0, streamed + 1000 - Date.now()));
        // Of what has a bookmark none is made.
        await fileserver.script(
          `for b in $(zfs list -H -d 1 -t bookmark -o name ${home} 2>/dev/null); do zfs destroy $b; done`,
        );
        await callsOn(fileserver);
        const { code, stderr } = await ask(command);
        streamed = Date.now();
        t.same({ code, stderr }, { code: 0, stderr: '' }, command);
        const lookups = /^get -Hp (?:-r|-o name,property,value,source) |^get -H -o value -s local /;
        const ran = (await callsOn(fileserver))
          .map(({ argv }) => argv.join(' '))
          .filter((line, _, all) => !lookups.test(line) && !isEstimate(line, all));
        // The bookmark is made at the same time as the stream.
        const kept = ran.findIndex((line) => line.startsWith('bookmark '));
        const sent = ran.findIndex((line) => line.startsWith('send '));
        if (kept >= 0 && kept < sent) ran.splice(sent, 0, ...ran.splice(kept, 1));
        // Where a lock takes two calls they are made at once, and either can be the first; so it is let go of, too.
        for (const at of [0, ran.length - 2])
          if (at >= 0) ran.splice(at, 2, ...ran.slice(at, at + 2).sort(byLockHalf));
        t.equal(ran.length, plan.length, `${command}: ${plan.length} calls`, { said: { plan, ran } });
        for (const [index, line] of ran.entries()) t.match(line, patternOf(plan[index] ?? '', home));
      }
    });

    if (zfsKind() === 'kernel') {
      t.test('beside a stream its size is looked up, and a client can ask for the same', async (t) => {
        const mebibytes = 64;
        const long = await makeSource(fileserver, `${tank}/home/long`);
        await writeData(fileserver, long, 'much', mebibytes * 1024);
        await fileserver.run(['zfs', 'snapshot', zrepName(long, 1)]);
        await gate.policy(POLICY.replace('tags =', 'subtree = true\ntags ='));
        await callsOn(fileserver);
        const { code, stdout } = await ask(`zfs send -nP ${zrepName(long, 1)}`);
        t.equal(code, 0);
        const [, size = ''] = /^full\t.*long@zrep_000001\t\d+\nsize\t(\d+)\n$/.exec(stdout) ?? [];
        t.ok(Number(size) >= mebibytes << 20 && Number(size) < (mebibytes + 8) << 20, `${size} bytes`);
        t.equal((await callsOn(fileserver)).length, 1, 'a dry run has no other beside it');
        await ask(`zfs send ${zrepName(long, 1)}`);
        const results = async () =>
          (await loggedOn(fileserver)).filter(({ fields }) => fields['snapshot'] === zrepName(long, 1));
        const [dry, stream] = await eventually(results, (all) => all.length === 2);
        t.match(stream?.fields, { event: 'result', outcome: 'done', estimate: size });
        t.notHas(dry?.fields, { estimate: size });
        await gate.policy(POLICY);
      });
    }

    t.test('a person asks as any user, with a draft anywhere, and no zfs is started', async (t) => {
      await callsOn(fileserver);
      const draft = '/var/tmp/draft.toml';
      await fileserver.writeFile(draft, POLICY, { owner: 'zrep:zrep' });
      const ask = (...words: string[]) =>
        fileserver.run(['zrep-gate', ...words], { user: 'zrep', allowFail: true });
      const warning =
        /^zrep-gate: warning: serve would refuse this file: \/var\/tmp\/draft.toml belongs to user \d+/m;
      const check = await ask('check', '--policy', draft);
      t.match(check, { code: 0, stdout: /sound: 1 client, 1 grant, 1 example\n$/, stderr: warning });
      const own = ['--client', 'backup1', '--policy', draft];
      const allowed = await ask('explain', ...own, '--', 'zrep snaponly tank/home');
      t.match(allowed, { code: 0, stdout: /^allow: .*\n\nwould run:\n/, stderr: warning });
      const denied = await ask('explain', ...own, '--', 'zrep snaponly tank/secret');
      t.match(denied, { code: 1, stdout: /^deny \(not-granted\): / });
      const installed = await ask('explain', '--client', 'backup1', `zrep snaponly ${home}`);
      t.match(installed, { code: 0, stderr: '' });
      t.same(await callsOn(fileserver), []);
    });

    t.test('authorize prints a line that ssh-keygen reads, with the installed path', async (t) => {
      const line = await fileserver.run(['zrep-gate', 'authorize', 'backup1', '/run/lab/backup.pub']);
      t.match(line.stdout, /^restrict,command="\/usr\/bin\/zrep-gate serve backup1" ssh-ed25519 \S+ \S+\n$/);
      await fileserver.writeFile('/run/lab/keys', line.stdout);
      t.match((await fileserver.run(['ssh-keygen', '-l', '-f', '/run/lab/keys'])).stdout, /ED25519/);
    });
  },
  { sudo: true },
);

/** As plans have them: the pid's call first where two set a lock, last where two take it away. Other calls keep their order. */
function byLockHalf(one: string, other: string): number {
  const half = (line: string) =>
    /^(set|inherit) \w+:lock-(pid|time)(?:=\d+)? \S+$/.exec(line)?.slice(1) ?? [];
  const [[verb, first], [otherVerb, second]] = [half(one), half(other)];
  if (verb === undefined || verb !== otherVerb || first === second) return 0;
  return (first === 'pid') === (verb === 'set') ? -1 : 1;
}

/** Looked up beside a stream: the dry run of one that was sent as well. */
function isEstimate(line: string, all: readonly string[]): boolean {
  return line.startsWith('send -nP ') && all.includes(line.replace(' -nP', ''));
}

/** The zfs calls of the plan, each as a line without the binary's name; filters are not zfs's. */
async function planOf({ fileserver }: GateLab, command: string): Promise<string[]> {
  const { stdout } = await fileserver.run([
    'zrep-gate',
    'explain',
    '--client',
    'backup1',
    '--json',
    '--',
    command,
  ]);
  const { plan } = JSON.parse(stdout) as { plan: { argv: string[] }[] };
  // There are no children here to expire along.
  return plan
    .filter(({ argv }) => argv[0] === LOGGED_ZFS && !argv.join(' ').includes('<child>'))
    .map(({ argv }) => argv.slice(1).join(' '))
    .flatMap((line) => {
      const [each, names] = Object.entries(EACH).find(([each]) => line.includes(each)) ?? [];
      return each === undefined || names === undefined ? line : names.map((name) => line.replace(each, name));
    });
}

/** `line` with what only ZFS knew filled in. */
function patternOf(line: string, home: string): RegExp {
  const known = { ...KNOWN, '<last sent>': new RegExp(`${home}@(?:zrep_000002|off_000000)`) };
  const before = /value (\S+ zrep-gate:streamed) <record before>/;
  let pattern = line
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(before, '(?:none $1 |value $1 backup1@\\d{10})');
  for (const [name, value] of Object.entries(known)) {
    pattern = pattern.replaceAll(name, typeof value === 'string' ? value : value.source);
  }
  return new RegExp(`^${pattern}$`);
}
