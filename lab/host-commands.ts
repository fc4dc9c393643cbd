/** Commands that run on a host and are waited for: written into a folder of the host's, run by its first process (lab/host/commands.sh). */

import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { quote } from 'shell-quote';

export interface Command {
  readonly argv: readonly string[];
  /** Added to the host's constant environment. */
  readonly env: Readonly<Record<string, string>>;
  /** What the command reads. */
  readonly input: string | Buffer;
  /** After this the command and its children are killed. */
  readonly timeoutMs: number;
}

export interface Ended {
  /** As a shell has it: 128 and the signal's number for a command that a signal ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It was killed because its time was over. */
  readonly late: boolean;
}

type Waiting = (code: number | Error) => void;

export class HostCommands {
  readonly #init: ChildProcess;
  readonly #output: Socket;
  readonly #folder: string;
  readonly #waiting = new Map<number, Waiting>();
  #started = 0;

  /** `init` is what the host's first process talks through; `folder` is /run/lab/commands as seen from outside. */
  constructor(init: ChildProcess, folder: string) {
    this.#init = init;
    this.#output = init.stdout as Socket;
    this.#folder = folder;
    createInterface(this.#output).on('line', (line) => {
      const [, number, code] = /^ended (\d+) (\d+)$/.exec(line) ?? [];
      if (number !== undefined) this.#waiting.get(Number(number))?.(Number(code));
    });
    init.on('exit', () => {
      for (const settle of this.#waiting.values()) settle(new Error('the host ended'));
    });
  }

  /** Runs a command to its end, whatever that is. @throws Error when the host ends before. */
  async run({ argv, env, input, timeoutMs }: Command): Promise<Ended> {
    this.#started += 1;
    const number = this.#started;
    const path = (what: string) => join(this.#folder, `${number}.${what}`);
    const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote([value])}\n`);
    writeFileSync(path('command'), `${exports.join('')}exec ${quote(argv)}\n`);
    writeFileSync(path('input'), input);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#init.stdin?.write(`kill ${number}\n`);
    }, timeoutMs);
    try {
      const code = await new Promise<number>((resolve, reject) => {
        if (this.#init.exitCode !== null || this.#init.signalCode !== null)
          return reject(new Error('the host ended'));
        // Otherwise the host keeps no node from ending.
        this.#output.ref();
        this.#waiting.set(number, (ended) => (ended instanceof Error ? reject(ended) : resolve(ended)));
        this.#init.stdin?.write(`run ${number}\n`);
      });
      const [stdout, stderr] = [path('output'), path('errors')].map((file) => readFileSync(file, 'utf8'));
      return { code, stdout: stdout ?? '', stderr: stderr ?? '', late };
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(number);
      if (this.#waiting.size === 0) this.#output.unref();
      for (const what of ['command', 'input', 'output', 'errors', 'group'])
        rmSync(path(what), { force: true });
    }
  }
}
