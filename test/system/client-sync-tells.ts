/** What a sync says of itself: how much was sent. */

import t from 'tap';
import { writeData } from '../../lab/pair.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { inPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, zrep } = lab;
  const newPair = await pairMaker(lab);
  /** zfs-fuse's daemon writes a stream in the place of zfs send, uncounted. */
  const counts = zfsKind() === 'kernel';

  t.test('a program is told how much was sent, and since when', async (t) => {
    const { source } = await newPair();
    await writeData(fileserver, source, 'news', 4096);
    const { code, stdout } = await zrep(['sync', '--json', source]);
    t.equal(code, 0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { bytes, ...synced } = events.find(({ event }) => event === 'synced');
    t.match(synced, { dataset: source, seconds: Number, base: 'zrep_000000' });
    // Left out where the process was waited for too soon.
    t.ok(bytes === undefined || (counts && bytes >= 4 << 20 && bytes < 5 << 20), `${bytes} bytes`);
  });

  t.test('so is a person at a terminal, and where nothing has changed, nothing was sent', async (t) => {
    const { source } = await newPair();
    await writeData(fileserver, source, 'news', 4096);
    const sync = async (option = '') =>
      (
        await fileserver.run(
          ['script', '-qec', `stty cols 100; exec zrep sync ${option} ${source}`, '/dev/null'],
          { allowFail: true },
        )
      ).stdout;
    const amount = counts ? '(?:4\\.\\d MiB|a stream)' : 'a stream';
    t.match(
      await sync(),
      new RegExp(`${source}: ${amount} in [\\d.]+ s(?: \\([^)]*/s\\))? since @zrep_000000\r?\n$`),
    );
    if (counts) t.match(await sync('-c'), new RegExp(`${source}: nothing new\r?\n$`));
  });
});
