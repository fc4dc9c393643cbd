/** A completion that was lost on the way: what is marked of what came, and when the newest snapshot has its mark. */

import t from 'tap';
import { recoverCompletion } from '../../../src/client/copy/marks.ts';
import type { FarSide } from '../../../src/client/far/far-side.ts';
import type { Run } from '../../../src/client/run/run.ts';
import type { TaggedSnapshot } from '../../../src/replication/snapshots.ts';

/** Of a copy with one snapshot of the tag, and a far side that has it under `guid` and marks it or not: the answer, and what was marked. */
async function recovered(
  { name = 'zrep_000001', sent }: { name?: string; sent?: number } = {},
  { guid = '7', marks = true } = {},
): Promise<[isMarked: boolean, marked: string[]]> {
  const marked: string[] = [];
  const ended = { code: 0, signal: null, message: '', output: '' };
  const far = {
    host: { name: 'fileserver' },
    ask: async (command: string) => {
      if (command.startsWith('zfs get')) return { ...ended, output: `${guid}\n` };
      if (marks) marked.push('there');
      return marks ? ended : { ...ended, code: 77, message: 'refused (not-streamed): no' };
    },
  } as unknown as FarSide;
  const run = {
    settings: { tag: 'zrep', zrepPath: 'zrep' },
    step: {
      zfs: {
        ask: async () => {
          marked.push('here');
          return ended;
        },
      },
    },
    report: { warn: () => {}, event: () => {}, far: () => {} },
  } as unknown as Run;
  const newest = { dataset: 'vault/home', name, guid: '7', sent, createtxg: 9, sequence: 1 };
  const snapshots = [newest] as unknown as TaggedSnapshot[];
  const isMarked = await recoverCompletion(run, far, {
    source: 'tank/home',
    dataset: 'vault/home',
    snapshots,
  });
  return [isMarked, marked];
}

t.test('what is marked already is left alone', async (t) => {
  t.same(await recovered({ sent: 1_700_000_000 }), [true, []]);
});

t.test('what came is marked there and then here', async (t) => {
  t.same(await recovered(), [true, ['there', 'here']]);
});

t.test('the answer is false where the newest snapshot has no mark after it', async (t) => {
  t.same(await recovered({}, { guid: '8' }), [false, []], 'another one of that name there');
  t.same(await recovered({}, { marks: false }), [false, []], 'the far side does not mark it');
  t.same(await recovered({ name: 'zrep_000001_unsent' }), [false, []]);
});
