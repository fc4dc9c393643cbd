/** Before something is destroyed a person says yes, or the command said -f. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { confirm } from '../../../src/client/run/confirm.ts';
import { Failure } from '../../../src/client/run/failure.ts';
import type { Run } from '../../../src/client/run/run.ts';
import { Interrupted } from '../../../src/process/interruption.ts';
import { inBackground, type Terminal } from '../../../src/process/terminal.ts';

const QUESTION = {
  heading: 'From vault/home these would be destroyed:',
  losses: ['vault/home@zrep_000001', 'vault/home@\x1b[2J'],
  command: 'zrep clear -f vault/home',
};

/** What `confirm` came to, and what was seen, where somebody at the terminal answers `answer`; without one, nobody is there. */
async function ask(
  {
    answer,
    terminal = true,
    force = false,
    signal = false,
  }: { answer?: string; terminal?: boolean; force?: boolean; signal?: boolean },
  question: Parameters<typeof confirm>[1] = QUESTION,
) {
  const seen = { printed: '', warned: [] as string[], closed: false };
  const open = (): Terminal | undefined =>
    terminal
      ? {
          print: (text) => (seen.printed += text),
          readLine: async () => answer,
          close: () => {
            seen.closed = true;
          },
        }
      : undefined;
  const run = {
    settings: { force },
    report: { warn: (text: string) => seen.warned.push(text) },
    step: {
      interruption: {
        check: () => {
          if (signal) throw new Interrupted('SIGINT');
        },
      },
    },
  } as unknown as Run;
  const error = await confirm(run, question, open).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { error, ...seen };
}

t.test('what would go is listed, printable, and yes goes on', async (t) => {
  const { error, printed, closed } = await ask({ answer: 'yes' });
  t.equal(error, undefined);
  t.equal(
    printed,
    'From vault/home these would be destroyed:\n  vault/home@zrep_000001\n  vault/home@\\x1b[2J\nType yes to go on: ',
  );
  t.ok(closed);
});

t.test('anything else does not', async (t) => {
  for (const answer of ['no', 'y', '', 'yes please', undefined]) {
    const { error, closed } = await ask(answer === undefined ? {} : { answer });
    t.ok(error instanceof Failure, `${answer}`);
    t.match(error, { message: 'nothing was done, since the answer was not yes' });
    t.ok(closed);
  }
});

t.test('a signal while it waits ends the run', async (t) => {
  const { error } = await ask({ signal: true });
  t.ok(error instanceof Interrupted);
});

t.test('-f does not ask, and neither does what destroys nothing', async (t) => {
  t.match(await ask({ force: true }), { error: undefined, printed: '', warned: [] });
  t.match(await ask({ terminal: false }, { ...QUESTION, losses: [] }), { error: undefined, warned: [] });
});

t.test('without a terminal it is listed all the same, and nothing is done', async (t) => {
  const { error, warned } = await ask({ terminal: false });
  t.ok(error instanceof Failure);
  t.match(error, { message: /nobody is at a terminal to be asked; to do it: zrep clear -f vault\/home$/ });
  t.equal(warned[1], '  vault/home@zrep_000001');
});

t.test('what a person has to see is agreed to at a terminal alone', async (t) => {
  const question = { ...QUESTION, agreed: false, unattended: false, wantsTerminal: true };
  t.match((await ask({ terminal: false }, question)).error, {
    message: /to do it, at a terminal: zrep clear -f vault\/home$/,
  });
  t.match(await ask({ answer: 'yes' }, question), { error: undefined });
});

t.test('what is told anyway is told whole', async (t) => {
  const losses = Array.from({ length: 50 }, (_, index) => `vault/home@${index}`);
  const { warned } = await ask({ force: true }, { ...QUESTION, losses, toldAnyway: true });
  t.equal(warned.at(-1), '  vault/home@49');
});

t.test('a long list is cut', async (t) => {
  const losses = Array.from({ length: 50 }, (_, index) => `vault/home@${index}`);
  const { printed } = await ask({ answer: 'yes' }, { ...QUESTION, losses });
  t.match(printed, / {2}vault\/home@19\n {2}\.\.\. and 30 more\n/);
});

const module = (path: string) => new URL(`../../../src/${path}`, import.meta.url).href;

/** `confirm` as a program of its own, under script(1), which gives it a terminal and types `typed` when it is asked. */
async function onTerminal(typed: string): Promise<string> {
  const program = [
    `import { confirm } from '${module('client/run/confirm.ts')}';`,
    `import { listenForInterruption } from '${module('process/interruption.ts')}';`,
    'const run = { settings: {}, report: {}, step: { interruption: listenForInterruption() } };',
    'try { await confirm(run, { heading: "Lost:", losses: ["one"], command: "zrep -f" }); console.log("went on"); }',
    'catch (error) { console.log(error.constructor.name + ": " + error.message); }',
  ].join('\n');
  const words = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', program];
  const quoted = [process.execPath, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  // Standard input is not the terminal: it is asked all the same.
  const child = spawn('script', ['-qec', `exec ${quoted} < /dev/null`, '/dev/null']);
  const ended = once(child, 'close');
  let seen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!seen.includes('go on: ') && `${seen}${text}`.includes('go on: ')) child.stdin.write(typed);
    seen += text;
  });
  await ended;
  return seen.replaceAll('\r', '');
}

t.test('on a real terminal, whatever standard input is', async (t) => {
  t.match(await onTerminal('yes\n'), 'Lost:\n  one\nType yes to go on: yes\nwent on\n');
  t.match(await onTerminal('no\n'), 'Failure: nothing was done, since the answer was not yes\n');
  t.match(await onTerminal('\x04'), 'go on: \nFailure: nothing was done', 'Ctrl-D');
  t.match(await onTerminal('\x03'), 'Interrupted: interrupted by SIGINT\n', 'Ctrl-C');
});

t.test('what nobody is asked about is told all the same, where that is wanted', async (t) => {
  for (const more of [{ agreed: true }, { unattended: true }]) {
    const { error, warned } = await ask({ terminal: false }, { ...QUESTION, ...more, toldAnyway: true });
    t.equal(error, undefined);
    t.same(warned.length, 3, 'the heading, and what is lost');
  }
  t.same((await ask({ terminal: false }, { ...QUESTION, unattended: true })).warned, []);
});

t.test('a job in the background has no terminal to ask at', async (t) => {
  const stat = (group: number, foreground: number) =>
    `77 (a) b) S 1 ${group} 5 34816 ${foreground} 4194304 0`;
  t.equal(inBackground(stat(77, 77)), false);
  t.equal(inBackground(stat(77, 5)), true);
  for (const none of [-1, 0]) t.equal(inBackground(stat(77, none)), false, 'there is none');
});
