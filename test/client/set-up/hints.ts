/** A hint belongs to the refusal's code. */

import t from 'tap';
import { hintFor } from '../../../src/client/set-up/hints.ts';
import { refusalCodes } from '../../../src/refusal.ts';

const asked = { host: 'root@fs', source: 'tank/new', stock: 'zrep init tank/new backup vault/new' };

t.test('only an operation that is not granted needs "init" in the policy', async (t) => {
  for (const code of refusalCodes)
    t.equal(/"init"/.test(hintFor(code, asked) ?? ''), code === 'operation-not-granted', code);
});

t.test('what stock has in its place is named where there is no gate that knows the command', async (t) => {
  for (const code of [undefined, ...refusalCodes])
    t.equal(
      (hintFor(code, asked) ?? '').endsWith(`run there: ${asked.stock}`),
      code === undefined || code === 'unknown-verb',
      code ?? 'no gate',
    );
});

t.test('a refusal that says itself what to do has no hint behind it', async (t) => {
  for (const code of [
    'configured-otherwise',
    'already-initialized',
    'lock-busy',
    'pool-full',
    'policy-broken',
    'set-up-by-other',
  ])
    t.equal(hintFor(code, asked), undefined, code);
});
