/** What zfs send is called with, for the side that sends. */

import t from 'tap';
import { incrementWords, resumeWords } from '../../../src/client/push/send.ts';

const PLAIN = { recursive: false, sendFlags: [], incrementFlag: '-I' } as const;

t.test('the increment in the words and the order of stock', async (t) => {
  t.same(incrementWords(PLAIN, 'tank/home@zrep_000000', 'tank/home@zrep_000001'), [
    ...['send', '-I', 'tank/home@zrep_000000', 'tank/home@zrep_000001'],
  ]);
  t.same(
    incrementWords({ recursive: true, sendFlags: ['-c', '--raw'], incrementFlag: '-i' }, 'a@x', 'a@y').join(
      ' ',
    ),
    'send -R -c --raw -i a@x a@y',
  );
});

t.test('a stream that is gone on with takes ZREP_RESUME_FLAGS alone', async (t) => {
  t.same(resumeWords({ resumeFlags: ['-v'] }, '1-a-b-c'), ['send', '-v', '-t', '1-a-b-c']);
});
