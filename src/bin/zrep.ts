/**
 * zrep: the side that pulls, and what it asks of the other. Exit codes: 0 done, 1 failed, 2 wrong usage. What monitoring runs has
 * a plugin's: there 2 is CRITICAL, and wrong usage is 3, UNKNOWN, with a line on standard output.
 */

import manifest from '../../package.json' with { type: 'json' };
import { unknownLine } from '../client/look/check-lines.ts';
import { STATE_EXIT } from '../client/look/judge.ts';
import { Failure } from '../client/run/failure.ts';
import { createReport } from '../client/run/report.ts';
import { changeconfig } from '../client/verbs/changeconfig.ts';
import { clear } from '../client/verbs/clear.ts';
import { failover } from '../client/verbs/failover.ts';
import { getlastsent } from '../client/verbs/getlastsent.ts';
import { initPull } from '../client/verbs/init-pull.ts';
import { initPush } from '../client/verbs/init-push.ts';
import { list } from '../client/verbs/list.ts';
import { refresh } from '../client/verbs/refresh.ts';
import { renamed } from '../client/verbs/renamed.ts';
import { retire } from '../client/verbs/retire.ts';
import { sentsync } from '../client/verbs/sentsync.ts';
import { serverVerb } from '../client/verbs/server-verbs.ts';
import { status } from '../client/verbs/status.ts';
import { sync } from '../client/verbs/sync.ts';
import { syncTo } from '../client/verbs/sync-to.ts';
import { takeover } from '../client/verbs/takeover.ts';
import { uptodate } from '../client/verbs/uptodate.ts';
import { type Command, isMonitored, readCommandLine } from '../client/words/command-line.ts';
import { applyDefaults, readDefaultFile } from '../client/words/default-file.ts';
import { helpFor } from '../client/words/help.ts';
import { readSettings, type Settings } from '../client/words/settings.ts';
import { UsageError } from '../client/words/usage-error.ts';
import { saySystemRefusal } from '../process/system-refusal.ts';

const report = createReport(false);

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const said = sentenceOn(error);
    report.warn(said);
    process.exitCode = error instanceof UsageError ? 2 : 1;
    const argv = process.argv.slice(2);
    if (!isMonitored(argv)) return;
    if (!argv.includes('--json')) report.line(unknownLine(said));
    process.exitCode = STATE_EXIT.unknown;
  },
);

async function main(argv: readonly string[]): Promise<number> {
  const { switches, command } = readCommandLine(argv);
  // Whatever the variables say, and in a broken installation as well.
  if (command.kind === 'help') return print(helpFor(command.verb));
  if (command.kind === 'version')
    return print(`zrep 2.0.2\nin its place: ${manifest.name} ${manifest.version}\n`);
  const text = readDefaultFile();
  const defaulted = applyDefaults(text ?? '', process.env);
  const { settings, warnings } = readSettings(defaulted.variables, switches);
  for (const warning of [...defaulted.warnings, ...warnings]) report.warn(warning);
  return dispatch(settings, command);
}

function dispatch(
  settings: Settings,
  command: Exclude<Command, { kind: 'help' | 'version' }>,
): Promise<number> {
  switch (command.kind) {
    case 'refresh':
      return refresh(settings, command);
    case 'init-pull':
      return initPull(settings, command);
    case 'init':
      return initPush(settings, command);
    case 'pair':
      return import('../client/verbs/pair.ts').then(({ pair }) => pair(settings, command));
    case 'sync':
    case 'synconly':
      return sync(settings, command);
    case 'sync-to':
      return syncTo(settings, command);
    case 'sentsync':
      return sentsync(settings, command);
    case 'snaponly':
    case 'expire':
    case 'wire':
      return serverVerb(settings, command);
    case 'status':
      return status(settings, command);
    case 'list':
      return list(settings, command);
    case 'getlastsent':
      return getlastsent(settings, command);
    case 'uptodate':
      return uptodate(settings, command);
    case 'snapshots':
      return import('../client/verbs/snapshots.ts').then(({ snapshots }) => snapshots(settings, command));
    case 'failover':
      return failover(settings, command);
    case 'takeover':
      return takeover(settings, command);
    case 'changeconfig':
      return changeconfig(settings, command);
    case 'clear':
      return clear(settings, command);
    case 'retire':
      return retire(settings, command);
    case 'renamed':
      return renamed(settings, command);
    case 'doctor':
      return import('../client/verbs/doctor.ts').then(({ doctor }) => doctor(settings, command));
  }
}

function sentenceOn(error: unknown): string {
  if (error instanceof UsageError) return `zrep: ${error.message}`;
  if (error instanceof Failure) return `Error: ${error.message}`;
  const refusal = saySystemRefusal(error);
  if (refusal !== undefined) return `Error: ${refusal}`;
  return `Error: an error in zrep itself: ${error instanceof Error ? error.stack : String(error)}`;
}

function print(text: string): number {
  report.print(text);
  return 0;
}
