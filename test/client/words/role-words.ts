/** The words of failover, takeover, changeconfig and clear: stock's forms, in ours and in stock's order of options. */

import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import { readCommandLine, VERBS } from '../../../src/client/words/command-line.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const read = (text: string) => readCommandLine(text.split(' ').filter((word) => word !== ''));

function mistake(text: string): Error {
  try {
    read(text);
  } catch (error) {
    return error as Error;
  }
  return new Error('none');
}

const role = { dataset: 'tank/a', snapshot: undefined, local: false, host: undefined };
const config = { kind: 'changeconfig', dataset: 'tank/a', side: 'source', host: 'b', other: 'pool/a' };

t.test('each form of stock is understood', async (t) => {
  const commands: [string, object][] = [
    ['failover tank/a', { kind: 'failover', ...role }],
    ['failover -L tank/a', { kind: 'failover', ...role, local: true }],
    ['failover -f -L tank/a', { kind: 'failover', ...role, local: true }],
    ['failover tank/a root@b', { kind: 'failover', ...role, host: 'root@b' }],
    ['failover tank/a@zrep_000001', { kind: 'failover', ...role, snapshot: 'zrep_000001' }],
    ['takeover tank/a', { kind: 'takeover', ...role }],
    ['takeover -L tank/a', { kind: 'takeover', ...role, local: true }],
    ['takeover -L tank/a@zrep_00000a b', { kind: 'takeover', ...role, local: true, snapshot: 'zrep_00000a', host: 'b' }],
    ['changeconfig tank/a b pool/a', config],
    ['-C -f tank/a b pool/a', config],
    ['changeconfig -d tank/a b pool/a', { ...config, side: 'copy' }],
    ['changeconfig -f -d tank/a b pool', { ...config, side: 'copy', other: 'pool' }],
    ['clear -f tank/a', { kind: 'clear', dataset: 'tank/a' }],
    ['clear tank/a', { kind: 'clear', dataset: 'tank/a' }],
  ]; // biome-ignore format: one table
  for (const [text, command] of commands) t.strictSame(read(text).command, command, text);
});

t.test('-f is heard wherever it stands', async (t) => {
  for (const text of ['failover -f tank/a', 'failover tank/a -f', 'takeover -L -f tank/a', '-C -d -f a b c', 'clear -f a'])
    t.equal(read(text).switches.force, true, text);
  for (const text of ['failover tank/a', 'takeover -L tank/a', '-C a b c', 'clear a'])
    t.equal(read(text).switches.force, false, text);
}); // biome-ignore format: one table

t.test('what is none of the forms is told with the form', async (t) => {
  const usage = (verb: string, form = 0) => VERBS[verb]?.usage[form];
  const wrong: [string, string][] = [
    ['failover', `one file system is needed, and at most one host behind it; the form is: ${usage('failover')}`],
    ['takeover a b c', `one file system is needed, and at most one host behind it; the form is: ${usage('takeover')}`],
    ['takeover tank/a@', `"tank/a@" is not the name of a file system; the form is: ${usage('takeover')}`],
    ['failover tank/a -oProxyCommand=x', '"-oProxyCommand=x" is no option of zrep failover, which has -L -f --wait; -R, -D and -t TAG stand in front of the verb: zrep -R failover ...'],
    ['failover tank/a a;b', `"a;b" is not the name of a host; the form is: ${usage('failover')}`],
    ['changeconfig tank/a b', `a file system here, a host, and the file system there are needed; the form is: ${usage('changeconfig')}`],
    ['-C -d tank/a b', `a file system here, a host, and the file system there are needed; the form is: ${usage('changeconfig', 1)}`],
    ['-C tank/a a;b pool/a', `"a;b" is not the name of a host; the form is: ${usage('changeconfig')}`],
    ['-C tank/a b pool/a@x', `"pool/a@x" is not the name of a file system; the form is: ${usage('changeconfig')}`],
    ['clear tank/a tank/b', `only one file system at a time; the form is: ${usage('clear')}`],
    ['clear tank/a@b', `"tank/a@b" is not the name of a file system; the form is: ${usage('clear')}`],
  ]; // biome-ignore format: one table
  for (const [text, message] of wrong) {
    const error = mistake(text);
    t.ok(error instanceof UsageError, text);
    t.equal(error.message, message, text);
  }
});

t.test('without any word behind them clear and changeconfig end as stock does', async (t) => {
  for (const [text, message] of [
    ['clear', 'clear command requires an argument'],
    ['clear -f', 'clear command requires an argument'],
    ['changeconfig', 'zrep: no fs specified'],
    ['-C -d', 'zrep: no fs specified'],
  ] as const) {
    const error = mistake(text);
    t.ok(error instanceof Failure, text);
    t.equal(error.message, message);
  }
});
