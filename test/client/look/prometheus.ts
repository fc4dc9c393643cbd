/** The file for node_exporter: what is in it, and that it appears whole. */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { judge } from '../../../src/client/look/judge.ts';
import type { PairView } from '../../../src/client/look/pair-view.ts';
import { prometheusText } from '../../../src/client/look/prometheus.ts';
import { replaceFile } from '../../../src/client/look/replace-file.ts';
import type { StatusFacts } from '../../../src/client/look/status-facts.ts';
import type { Verification } from '../../../src/client/look/verify.ts';
import type { Dataset, Tag } from '../../../src/zfs/names.ts';
import { COPY, viewOf } from '../../fixtures/client/views.ts';

const NONE = { warn: undefined, critical: undefined };
const judged = (pair: PairView, verification?: Verification) => ({
  pair,
  ...{ verification, failing: undefined },
  judgement: judge(pair, NONE, 100, verification),
});
const all = (judged: StatusFacts['judged'], missing: StatusFacts['missing'] = []): StatusFacts => ({
  ...{ tag: 'zrep' as Tag, judged, missing, problem: undefined },
  retired: [{ dataset: 'vault/old', since: 5, source: 'fileserver:tank/old' }],
});
const SENT = [{ name: 'zrep_000000', sent: 90 }, { name: 'zrep_000001' }];

t.test('each number has its help, its type, and a line for each file system', async (t) => {
  const text = prometheusText(all([judged(viewOf(SENT)), judged(viewOf([], COPY))]), 100);
  const source = '{filesystem="tank/home",tag="zrep",role="source",peer="backup"}';
  const copy = '{filesystem="vault/home",tag="zrep",role="copy",peer="fileserver"}';
  t.match(
    text,
    `# TYPE zrep_last_sent_timestamp_seconds gauge
zrep_last_sent_timestamp_seconds${source} 90
zrep_last_sent_timestamp_seconds${copy} 0
`,
  );
  for (const line of [
    `zrep_snapshots${source} 2`,
    `zrep_unsent_snapshots${source} 1`,
    `zrep_resume_pending${source} 0`,
    `zrep_lock_live${source} 0`,
    `zrep_lock_stale${source} 0`,
    `zrep_state${source} 0`,
    `zrep_state${copy} 2`,
    'zrep_status_timestamp_seconds{tag="zrep"} 100',
  ])
    t.ok(text.includes(`\n${line}\n`), line);
  for (const line of text.split('\n').slice(0, -1))
    t.match(line, /^(?:# HELP zrep_\w+ .+\.|# TYPE zrep_\w+ gauge|zrep_\w+\{[^}]*\} \d+)$/, line);
  const names = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  t.equal(new Set(names).size, names.length, 'no type is told twice');
});

t.test('what is not known has no line: whether a pull would succeed', async (t) => {
  const value = (verification?: Verification) =>
    /^zrep_next_pull_would_succeed\{.*\} (\d)$/m.exec(
      prometheusText(all([judged(viewOf(SENT, COPY), verification)]), 100),
    )?.[1];
  t.equal(value(), undefined);
  t.equal(value({ verdict: 'unknown', why: '' }), undefined);
  t.equal(value({ verdict: 'would-succeed' }), '1');
  t.equal(value({ verdict: 'would-fail', why: '' }), '0');
});

t.test('a missing copy has what is remembered, and so gets old; a retired one has no line', async (t) => {
  const dataset = 'pool2/srv' as Dataset;
  const gone = { dataset, source: 'root@fileserver:tank/srv', refreshed: 40, why: 'no-pool' } as const;
  const text = prometheusText(all([judged(viewOf(SENT)), judged(viewOf(SENT, COPY))], [gone]), 100);
  const labels = '{filesystem="pool2/srv",tag="zrep",role="copy",peer="root@fileserver"}';
  const own = text.split('\n').filter((line) => line.includes('pool2'));
  t.same(own, [
    `zrep_last_sent_timestamp_seconds${labels} 40`,
    `zrep_missing${labels} 1`,
    `zrep_state${labels} 2`,
  ]);
  t.match(text, /^zrep_missing\{filesystem="vault\/home".*\} 0$/m);
  t.notMatch(text, /zrep_missing\{filesystem="tank/, 'of a source nothing is remembered');
  t.notMatch(text, /vault\/old/);
  const unknown = prometheusText(all([], [{ ...gone, source: undefined, refreshed: undefined }]), 100);
  t.match(unknown, /peer=""\} 0\n/);
});

t.test('locks and tokens', async (t) => {
  const more = { 'zrep:lock-pid': '4194304', receive_resume_token: ['1-x', '-'] } as const;
  const text = prometheusText(all([judged(viewOf(SENT, COPY, more))]), 100);
  t.match(text, /zrep_resume_pending\{.*\} 1\n/);
  t.match(text, /zrep_lock_live\{.*\} 0\n/);
  t.match(text, /zrep_lock_stale\{.*\} 1\n/);
  const live = prometheusText(
    all([judged(viewOf(SENT, COPY, { 'zrep:lock-pid': String(process.pid) }))]),
    100,
  );
  t.match(live, /zrep_lock_live\{.*\} 1\n/);
});

t.test('what came with a stream cannot end a label', async (t) => {
  const text = prometheusText(all([judged(viewOf(SENT, COPY, { 'zrep:src-host': 'a"} 9\n\\x' }))]), 100);
  t.match(text, 'peer="a\\"} 9\\n\\\\x"} 90\n');
});

t.test('the file is whole or as it was, readable by all, and leaves nothing beside it', async (t) => {
  const folder = t.testdir({ 'zrep.prom': 'old' });
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  replaceFile(`${folder}/zrep.prom`, 'new\n');
  t.equal(readFileSync(`${folder}/zrep.prom`, 'utf8'), 'new\n');
  t.equal(statSync(`${folder}/zrep.prom`).mode & 0o7777, 0o644);
  t.same(readdirSync(folder), ['zrep.prom']);
});

t.test('a link in its place is replaced, not followed', async (t) => {
  const folder = t.testdir({ precious: 'kept' });
  symlinkSync(`${folder}/precious`, `${folder}/zrep.prom`);
  replaceFile(`${folder}/zrep.prom`, 'new\n');
  t.equal(readFileSync(`${folder}/precious`, 'utf8'), 'kept');
});

t.test('where it cannot be written that is said, and nothing is left beside it', async (t) => {
  const folder = t.testdir({});
  t.throws(() => replaceFile(`${folder}/none/zrep.prom`, ''), {
    message: /none\/zrep\.prom cannot be written \(ENOENT\); its folder must be there, and writable/,
  });
  mkdirSync(`${folder}/zrep.prom`);
  writeFileSync(`${folder}/zrep.prom/x`, '');
  t.throws(() => replaceFile(`${folder}/zrep.prom`, ''), { message: /cannot be written \(E/ });
  chmodSync(folder, 0o755);
  t.same(readdirSync(folder), ['zrep.prom']);
});
