/** Which processes destroy which snapshots, and what one that cannot be destroyed does to the others. */

import t from 'tap';
import { destroyAll, destroyEach } from '../../src/replication/destroy.ts';
import type { TaggedSnapshot } from '../../src/replication/snapshots.ts';
import { type Step, ZfsFailed } from '../../src/replication/step.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';

const HOME = 'tank/home';
const LISTING = (dataset: string) => `get -Hp -r -d 1 -o name,property,value,source guid ${dataset}`;
const quiet = { signal: undefined, check() {}, onSignal: () => () => {} };

const snapshot = (dataset: string, sequence: number): TaggedSnapshot => {
  const name = `zrep_${sequence.toString(16).padStart(6, '0')}`;
  const row = { dataset, name, sequence, guid: '1', createtxg: sequence, creation: sequence };
  return { ...row, holds: 0, sent: undefined, streamed: undefined };
};
const range = (dataset: string, count: number) =>
  Array.from({ length: count }, (_, sequence) => snapshot(dataset, sequence));

interface Stand {
  /** Snapshots that cannot be destroyed. */
  readonly stuck?: readonly string[];
  /** zfs destroys what it can of several, up to the first that it cannot. */
  readonly partly?: boolean;
  /** zfs cannot list either. */
  readonly dumb?: boolean;
  readonly can?: readonly Capability[];
}

/** A zfs with these snapshots, and what it was asked for. */
function stand(all: readonly TaggedSnapshot[], { stuck = [], partly, dumb, can = ['batches'] }: Stand = {}) {
  const there = new Set(all.map(({ dataset, name }) => `${dataset}@${name}`));
  const asked: string[] = [];
  const answer = (code: number, message = '', output = '') => ({ code, signal: null, message, output });
  const destroy = (dataset: string, names: readonly string[]) => {
    const full = names.map((name) => `${dataset}@${name}`).filter((name) => there.has(name));
    const bad = full.findIndex((name) => stuck.includes(name));
    if (full.length === 0) return answer(1, 'could not find any snapshots to destroy\n');
    for (const name of bad < 0 ? full : partly ? full.slice(0, bad) : []) there.delete(name);
    return bad < 0 ? answer(0) : answer(1, `cannot destroy ${full[bad]}\n`);
  };
  const list = (dataset: string) =>
    [...there].filter((name) => name.startsWith(`${dataset}@`)).map((name) => `${name}\tguid\t1\t-\n`);
  const step: Step = {
    ...{ hostName: 'fileserver', rundir: '/nowhere', client: 'backup1' },
    ...{ interruption: quiet, capabilities: new Set(can) },
    zfs: {
      binary: 'zfs',
      async ask(argv) {
        asked.push(argv.join(' '));
        const [dataset = '', names = ''] = argv.at(-1)?.split('@') ?? [];
        if (argv[0] === 'destroy') return destroy(dataset, names.split(','));
        return dumb ? answer(1) : answer(0, '', list(dataset).join(''));
      },
      stream: async () => answer(0),
    },
  };
  return { step, asked, there };
}

/** How destroying fails. @throws Error when it does not. */
async function failureOf(step: Step, all: readonly TaggedSnapshot[]): Promise<ZfsFailed> {
  const error = await destroyAll(step, HOME, all).catch((error: unknown) => error);
  if (error instanceof ZfsFailed) return error;
  throw new Error('zfs was to fail', { cause: error });
}

t.test('one process a dataset, in the order given', async (t) => {
  const all = [...range('tank/home/child', 2), ...range(HOME, 3)];
  const { step, asked, there } = stand(all);
  t.equal(await destroyAll(step, HOME, all), 5);
  t.strictSame(asked, [
    'destroy tank/home/child@zrep_000000,zrep_000001',
    'destroy tank/home@zrep_000000,zrep_000001,zrep_000002',
  ]);
  t.equal(there.size, 0);
});

t.test('where zfs cannot do several, one process a snapshot', async (t) => {
  const all = range(HOME, 2);
  const { step, asked } = stand(all, { can: ['estimates'] });
  t.equal(await destroyAll(step, HOME, all), 2);
  t.strictSame(asked, ['destroy tank/home@zrep_000000', 'destroy tank/home@zrep_000001']);
});

t.test('500 at a time, not more', async (t) => {
  const all = range(HOME, 1001);
  const { step, asked } = stand(all);
  t.equal(await destroyAll(step, HOME, all), 1001);
  t.same(
    asked.map((line) => line.split(',').length),
    [500, 500, 1],
  );
  t.match(asked[1], /^destroy tank\/home@zrep_0001f4,.*,zrep_0003e7$/);
});

t.test('nothing to destroy starts nothing', async (t) => {
  const { step, asked } = stand([]);
  t.equal(await destroyAll(step, HOME, []), 0);
  t.strictSame(asked, []);
});

t.test('one that is stuck does not keep the others of its dataset, nor those of others', async (t) => {
  const all = [...range('tank/home/child', 3), ...range(HOME, 2)];
  const { step, asked, there } = stand(all, { stuck: ['tank/home/child@zrep_000001'] });
  const failure = await failureOf(step, all);
  t.match(failure, { dataset: HOME, ended: { message: 'cannot destroy tank/home/child@zrep_000001\n' } });
  t.strictSame([...there], ['tank/home/child@zrep_000001']);
  t.strictSame(asked, [
    'destroy tank/home/child@zrep_000000,zrep_000001,zrep_000002',
    LISTING('tank/home/child'),
    'destroy tank/home/child@zrep_000000',
    'destroy tank/home/child@zrep_000001',
    'destroy tank/home/child@zrep_000002',
    'destroy tank/home@zrep_000000,zrep_000001',
  ]);
});

t.test('each that could not be destroyed is named', async (t) => {
  const all = [...range('tank/home/child', 2), ...range(HOME, 2)];
  const stuck = ['tank/home/child@zrep_000001', 'tank/home@zrep_000000'];
  const left = await destroyEach(stand(all, { stuck }).step, all);
  t.same(
    left.map(({ snapshot, ended }) => [snapshot, ended.message]),
    stuck.map((name) => [name, `cannot destroy ${name}\n`]),
  );
  t.same(await destroyEach(stand(all).step, all), []);
});

t.test('what a failed call has destroyed all the same is not tried again', async (t) => {
  const all = range(HOME, 3);
  const { step, asked, there } = stand(all, { stuck: ['tank/home@zrep_000001'], partly: true });
  const failure = await failureOf(step, all);
  t.match(failure, { ended: { message: 'cannot destroy tank/home@zrep_000001\n' } });
  t.strictSame([...there], ['tank/home@zrep_000001']);
  t.strictSame(asked.slice(1), [
    LISTING(HOME),
    'destroy tank/home@zrep_000001',
    'destroy tank/home@zrep_000002',
  ]);
});

t.test('where zfs does not say what is left, all are tried again', async (t) => {
  const all = range(HOME, 2);
  const { step, there } = stand(all, { stuck: ['tank/home@zrep_000001'], dumb: true });
  await failureOf(step, all);
  t.strictSame([...there], ['tank/home@zrep_000001']);
});

t.test('the first failure is told', async (t) => {
  const all = range(HOME, 3);
  const { step } = stand(all, { stuck: ['tank/home@zrep_000000', 'tank/home@zrep_000002'] });
  const { ended } = await failureOf(step, all);
  t.equal(ended.message, 'cannot destroy tank/home@zrep_000000\n');
});

t.test('a signal is obeyed before the next process', async (t) => {
  const all = range(HOME, 3);
  const { step, asked } = stand(all, { stuck: ['tank/home@zrep_000002'] });
  const check = () => {
    if (asked.length === 3) throw new Error('interrupted');
  };
  const interrupted = { ...step, interruption: { ...quiet, check } };
  await t.rejects(destroyAll(interrupted, HOME, all), { message: 'interrupted' });
  t.equal(asked.length, 3);
});
