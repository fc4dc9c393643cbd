/** This host is the master where src-host is its name and the mark of the master is set right here. */

import t from 'tap';
import { masterProperties, refuseUnlessMaster } from '../../src/replication/master.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { parseListing } from '../../src/zfs/state.ts';

const INHERITED = 'inherited from tank';

/** The verdict where zfs says this of TAG:src-host and TAG:master: [value, source]. */
function verdict(srcHost: [string, string], master: [string, string], tag = 'zrep' as Tag) {
  const [first, second] = masterProperties(tag);
  const lines = [
    [first, ...srcHost],
    [second, ...master],
  ].map((words) => ['tank/home', ...words].join('\t'));
  return refuseUnlessMaster(parseListing(lines.join('\n')).get('tank/home'), tag, 'fileserver');
}

t.test('it looks at two properties of the tag', async (t) => {
  t.same(masterProperties('off' as Tag), ['off:src-host', 'off:master']);
});

t.test('src-host counts from anywhere, the mark only from here', async (t) => {
  const [here, yes] = [
    ['fileserver', 'local'],
    ['yes', 'local'],
  ] as [[string, string], [string, string]];
  t.equal(verdict(here, yes), undefined);
  t.equal(verdict(['fileserver', INHERITED], yes), undefined);
  t.equal(verdict(here, yes, 'off' as Tag), undefined);
  for (const master of [
    ['yes', INHERITED],
    ['yes', 'received'],
    ['no', 'local'],
    ['Yes', 'local'],
    ['-', '-'],
  ]) {
    t.match(verdict(here, master as [string, string]), {
      refused: 'not-marked-master',
      reason: /zrep:master=yes/,
    });
  }
  for (const host of [
    'fileserver2',
    'FILESERVER',
    'fileserver.example.org',
    'root@fileserver',
    'backup',
    '',
  ]) {
    t.match(verdict([host, 'local'], yes), { refused: 'not-master' }, host);
  }
});

t.test('where nothing is set, or nothing is known, this host is not the master', async (t) => {
  t.match(verdict(['-', '-'], ['-', '-']), {
    refused: 'not-master',
    reason: /master is "-", this host is "fileserver"/,
  });
  t.match(refuseUnlessMaster(undefined, 'zrep' as Tag, 'fileserver'), { refused: 'not-master' });
  t.match(refuseUnlessMaster(new Map(), 'zrep' as Tag, 'fileserver'), { refused: 'not-master' });
});
