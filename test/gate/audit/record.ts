/** Audit records: which fields they have, and that nothing of a client's can be anything but a field's value. */

import fc from 'fast-check';
import t from 'tap';
import { decisionRecord, resultRecord } from '../../../src/gate/audit/record.ts';
import type { Outcome } from '../../../src/gate/outcome.ts';
import type { GateRequest } from '../../../src/gate/request.ts';
import type { Allowed } from '../../../src/policy/decide.ts';
import { refuse } from '../../../src/refusal.ts';
import { anyRequest, anyText, HUGE, REQUEST, readEscaped } from '../../fixtures/gate/records.ts';

const ASKER = { id: 'mwt1nisf-83', client: 'backup1', from: '192.0.2.10' };
const ALLOWED = { operation: { kind: 'snaponly', dataset: 'tank/home/a' }, grant: { dataset: 'tank/home' } };

t.test('an allowed decision names operation, dataset and grant, in one order', (t) => {
  const { severity, time, fields } = decisionRecord(REQUEST, ALLOWED as Allowed);
  t.equal(severity, 'notice');
  t.equal(time, 1_700_000_000_123);
  t.same(Object.entries(fields), [
    ['event', 'decision'],
    ...Object.entries(ASKER),
    ['verdict', 'allow'],
    ['operation', 'snaponly'],
    ['dataset', 'tank/home/a'],
    ['grant', 'tank/home'],
    ['command', 'zrep snaponly tank/home'],
  ]);
  t.end();
});

t.test(
  'a refused decision is a warning with code and reason, and with the detail kept from the client',
  (t) => {
    const plain = decisionRecord(REQUEST, { refused: 'wrong-address', reason: 'no' });
    const { command } = REQUEST;
    t.same(plain.fields, {
      event: 'decision',
      ...ASKER,
      verdict: 'deny',
      code: 'wrong-address',
      reason: 'no',
      command,
    });
    t.equal(plain.severity, 'warning');
    const detailed = decisionRecord(REQUEST, {
      refused: 'policy-broken',
      reason: 'no',
      detail: `é${'d'.repeat(600)}`,
    });
    t.equal(detailed.fields['detail'], `\\xe9${'d'.repeat(508)}...(601 characters)`);
    t.end();
  },
);

t.test('an address that sshd did not give is "unknown"', (t) => {
  t.equal(
    decisionRecord({ ...REQUEST, address: undefined }, refuse('wrong-address')).fields['from'],
    'unknown',
  );
  t.end();
});

t.test(
  'a command is cut at 1024 characters of the record, between two escapes, and the record says how long it was',
  (t) => {
    const recorded = (command: string) =>
      decisionRecord({ ...REQUEST, command }, refuse('unprintable')).fields['command'];
    t.equal(recorded('x'.repeat(1024)), 'x'.repeat(1024));
    t.equal(recorded('x'.repeat(1025)), `${'x'.repeat(1024)}...(1025 characters)`);
    t.equal(recorded('\n'.repeat(100_000)), `${'\\n'.repeat(512)}...(100000 characters)`);
    t.equal(recorded('\u202e'.repeat(1000)), `${'\\u202e'.repeat(170)}...(1000 characters)`);
    t.equal(recorded('a\n"\\\x1b[31m\u202e\ud800'), 'a\\n"\\\\\\x1b[31m\\u202e\\ud800');
    t.end();
  },
);

t.test('a result has the facts of its outcome, the exit code, and how long it took', (t) => {
  const failed = (code: number | null, signal: NodeJS.Signals | null, message: string): Outcome => {
    return { kind: 'failed', dataset: 'tank/home', ended: { code, signal, message } };
  };
  const stackless = Object.assign(new Error('boom'), { stack: undefined });
  const cases: [Outcome, string, object, number][] = [
    [{ kind: 'done', done: { print: 'p', facts: { snapshot: 's', destroyed: 3 } } }, 'notice', { snapshot: 's', destroyed: 3 }, 0],
    [{ kind: 'refused', refusal: { refused: 'lock-busy', reason: 'r' } }, 'warning', { code: 'lock-busy', reason: 'r' }, 75],
    [failed(3, null, ' first\nsecond\n'), 'err', { status: 3, message: 'first\\nsecond' }, 3],
    [failed(null, 'SIGKILL', 'x'.repeat(513)), 'err', { signal: 'SIGKILL', message: `${'x'.repeat(512)}...(513 characters)` }, 137],
    [{ kind: 'interrupted', signal: 'SIGHUP' }, 'err', { signal: 'SIGHUP' }, 129],
    [{ kind: 'error', error: stackless }, 'err', { message: 'boom' }, 70],
    [{ kind: 'error', error: 'thrown\0' }, 'err', { message: 'thrown\\x00' }, 70],
  ]; // biome-ignore format: one table
  for (const [outcome, severity, facts, exit] of cases) {
    const record = resultRecord(REQUEST, outcome, REQUEST.time + 42);
    t.equal(record.severity, severity, `${outcome.kind} is ${severity}`);
    t.equal(record.time, 1_700_000_000_165);
    t.same(record.fields, { event: 'result', ...ASKER, outcome: outcome.kind, ...facts, exit, ms: 42 });
  }
  t.end();
});

t.test('an error is recorded with the place it came from', (t) => {
  const { fields } = resultRecord(REQUEST, { kind: 'error', error: new TypeError('boom') }, 0);
  t.match(fields['message'], /^TypeError: boom\\n {4}at .*record\.ts:\d+/);
  t.end();
});

t.test('whatever a client sends, every field is printable ASCII and reads back as what was sent', (t) => {
  const holds = (request: GateRequest, message: string) => {
    const outcome: Outcome = { kind: 'failed', dataset: 'd', ended: { code: 1, signal: null, message } };
    const decision = decisionRecord(request, refuse('not-understood'));
    const { fields } = resultRecord(request, outcome, request.time);
    const values = [...Object.values(decision.fields), ...Object.values(fields)].map(String);
    if (!values.every((value) => /^[\x20-\x7e]*$/.test(value))) return false;
    return (
      readsBack(fields['id'], request.id, 512) &&
      readsBack(fields['client'], request.client, 512) &&
      readsBack(fields['from'], request.address ?? 'unknown', 512) &&
      readsBack(decision.fields['command'], request.command, 1024) &&
      readsBack(fields['message'], message.trim(), 512)
    );
  };
  t.doesNotThrow(() => fc.assert(fc.property(anyRequest, anyText, holds), { numRuns: 300 }));
  for (const text of HUGE.filter((one) => one.trim() !== ''))
    t.ok(holds({ ...REQUEST, client: text, command: text }, text), `100 kB of ${JSON.stringify(text[0])}`);
  t.end();
});

/** True when `value` is `sent` with its escapes, or as much of that as fits. */
function readsBack(value: unknown, sent: string, limit: number): boolean {
  const [, kept = '', count] = /^(.*?)(?:\.\.\.\((\d{3,6}) characters\))?$/.exec(String(value)) ?? [];
  if (count === undefined) return kept.length <= limit && readEscaped(kept) === sent;
  const full = kept.length <= limit && kept.length > limit - 6;
  return full && Number(count) === sent.length && sent.startsWith(readEscaped(kept));
}
