/** The lines of zrep status. */

import t from 'tap';
import { directionLine, statusLine, unsentLine } from '../../../src/client/look/status-lines.ts';
import { COPY, viewOf } from '../../fixtures/client/views.ts';

const SENT = [{ name: 'zrep_000000', sent: 1 }];
const DATE = '2026/11/25-00:37:39';

t.test(
  'a line has the file system and the date in stock columns; one that was never sent says so',
  async (t) => {
    t.equal(statusLine(viewOf(SENT), DATE), `tank/home${' '.repeat(43)} last: ${DATE}`);
    t.equal(statusLine(viewOf([]), undefined), `tank/home${' '.repeat(43)} last: [NEVER]`);
  },
);

t.test('with its direction the date has no seconds, cut where the last colon is', async (t) => {
  const line = (date: string | undefined) => directionLine(viewOf(SENT), date, false);
  t.equal(line(DATE), `tank/home${' '.repeat(16)}->backup:vault/home${' '.repeat(18)} 2026/11/25-00:37`);
  t.match(line('1795567059'), / 1795567059$/);
  t.match(line(undefined), / \[NEVER\]$/);
});

t.test(
  'stock bug 21: of all, a copy has its source in front and the host that it is on behind',
  async (t) => {
    const copy = viewOf(SENT, COPY);
    t.match(directionLine(copy, DATE, true), /^tank\/home +->backup:vault\/home +2026\/11\/25-00:37$/);
    t.match(
      directionLine(copy, DATE, false),
      /^vault\/home +->backup:vault\/home +2026/,
      'but not where it is named',
    );
    const bare = viewOf(SENT, { 'zrep:dest-fs': 'vault/home' });
    t.match(directionLine(bare, DATE, true), /^tank\/home +->-:vault\/home /);
  },
);

t.test('one snapshot that was not sent is on its way; two are told of, and one that never was', async (t) => {
  const [two, three] = [{ name: 'zrep_000001' }, { name: 'zrep_000002' }];
  t.equal(unsentLine(viewOf(SENT)), undefined);
  t.equal(unsentLine(viewOf([...SENT, two])), undefined);
  t.equal(unsentLine(viewOf([...SENT, two, three])), 'WARNING: tank/home has 2 snapshots that were not sent');
  t.equal(unsentLine(viewOf([two])), 'WARNING: tank/home was never sent');
});
