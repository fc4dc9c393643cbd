/** Exit codes: one for each way to end, and the documented ones. */

import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import { EXIT, exitCodeOf, type Outcome } from '../../src/gate/outcome.ts';
import { type RefusalCode, refusalCodes } from '../../src/refusal.ts';

const failed = (code: number | null, signal: NodeJS.Signals | null = null): Outcome => {
  return { kind: 'failed', dataset: 'tank/home', ended: { code, signal, message: '' } };
};
const refused = (code: RefusalCode): Outcome => ({ kind: 'refused', refusal: { refused: code, reason: '' } });

t.test('each way to end has its exit code', (t) => {
  const cases: [Outcome, number][] = [
    [{ kind: 'done', done: { facts: {} } }, 0],
    [failed(1), 1],
    [failed(127), 127],
    [failed(null, 'SIGKILL'), 137],
    [failed(null, 'SIGPIPE'), 141],
    [failed(null), 70],
    [failed(null, '' as NodeJS.Signals), 70],
    [failed(255), 1],
    [failed(75), 1],
    [{ kind: 'interrupted', signal: 'SIGHUP' }, 129],
    [{ kind: 'interrupted', signal: 'SIGINT' }, 130],
    [{ kind: 'interrupted', signal: 'SIGTERM' }, 143],
    [{ kind: 'error', error: new Error('x') }, 70],
  ];
  for (const [outcome, code] of cases) t.equal(exitCodeOf(outcome), code, JSON.stringify(outcome));
  t.end();
});

t.test('docs/refusals.md has a row for each refusal, under its exit code', (t) => {
  const sections = readFileSync('docs/refusals.md', 'utf8').split('\n## ').slice(1);
  const rows = sections.flatMap((section) =>
    [...section.matchAll(/^\| `([a-z-]+)` \| (?:(\d+) \| )?.+ \|$/gm)].map(
      ([, code = '', exit]) =>
        [code, Number(exit ?? (section.startsWith('Try again later') ? 75 : 77))] as const,
    ),
  );
  t.same(
    rows.map(([code, exit]) => `${code} ${exit}`).toSorted(),
    refusalCodes.map((code) => `${code} ${exitCodeOf(refused(code))}`).toSorted(),
  );
  t.end();
});

/** Every way in which a process can end, that of a failed one among them. */
const someOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ kind: 'done', done: { facts: {} } }),
  fc.constantFrom(...refusalCodes).map(refused),
  fc.integer({ min: 0, max: 255 }).map((code) => failed(code)),
  fc.constantFrom(...signals()).map((signal) => failed(null, signal)),
  fc.constantFrom(...signals()).map((signal): Outcome => ({ kind: 'interrupted', signal })),
  fc.anything().map((error): Outcome => ({ kind: 'error', error })),
);

t.test("no outcome is ssh's own 255, and only what is done is 0", async () => {
  const all = fc.property(someOutcome, (outcome) => {
    const code = exitCodeOf(outcome);
    return Number.isInteger(code) && code < 255 && (code === 0) === (outcome.kind === 'done');
  });
  fc.assert(all, { numRuns: 3000, examples: [[failed(255)], [failed(0)]] });
});

t.test("a child's code is never taken for one of the gate's own", async (t) => {
  const own = [255, ...Object.values(EXIT)];
  for (let code = 0; code < 256; code += 1)
    t.equal(exitCodeOf(failed(code)), own.includes(code) ? 1 : code, String(code));
});

function signals(): NodeJS.Signals[] {
  return Object.keys(constants.signals) as NodeJS.Signals[];
}

t.test('refusals a script should tell apart have codes of their own, all others 77', (t) => {
  const own: Partial<Record<RefusalCode, number>> = {
    'lock-busy': 75,
    'global-lock-busy': 75,
    'too-many-sessions': 75,
    'too-many-open-sessions': 75,
    'too-many-streams': 75,
    'too-many-streams-of-dataset': 75,
    'too-many-snapshots': 75,
    'snapshots-too-often': 75,
    'pool-full': 75,
    stalled: 75,
    'changed-meanwhile': 75,
    'policy-broken': 78,
    'audit-unavailable': 74,
  };
  for (const code of refusalCodes) t.equal(exitCodeOf(refused(code)), own[code] ?? 77, code);
  t.end();
});

t.test('docs/exit-codes.md has these codes and no others', (t) => {
  const table = readFileSync('docs/exit-codes.md', 'utf8').matchAll(/^\| (\d+) \|/gm);
  const documented = [...table].map(([, code]) => Number(code));
  t.same(documented, [0, 64, 70, 74, 75, 77, 78]);
  t.same(
    Object.values(EXIT).sort((a, b) => a - b),
    documented,
  );
  t.end();
});
