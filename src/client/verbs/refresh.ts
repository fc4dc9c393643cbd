/**
 * `zrep refresh`: pulls one file system or several, or all whose copies are here. A failure of one holds up no other.
 */

import { Interrupted } from '../../process/interruption.ts';
import type { Dataset } from '../../zfs/names.ts';
import { Failure } from '../run/failure.ts';
import { inRun, tell } from '../run/in-run.ts';
import type { Report } from '../run/report.ts';
import type { Run } from '../run/run.ts';
import type { RefreshCommand } from '../words/refresh-words.ts';
import type { Settings } from '../words/settings.ts';
import { copiesHere } from './pairs-here.ts';
import { refreshPair } from './refresh-pair.ts';

/** Carries `command` out; the answer is the exit code: 0 when all went well, 1 when one did not. */
export async function refresh(settings: Settings, command: RefreshCommand): Promise<number> {
  return inRun(settings, command.json, async (run) => {
    const datasets = command.all ? await copiesHere(run) : command.datasets;
    if (datasets.length === 0)
      throw new Failure(
        `there is no file system here that is the copy of another under the tag ${settings.tag}`,
      );
    let failed = 0;
    for (const [index, dataset] of datasets.entries()) {
      const place = datasets.length === 1 ? {} : { place: `${index + 1} of ${datasets.length}` };
      if (!(await refreshOne({ ...run, ...place }, dataset))) failed += 1;
    }
    if (datasets.length !== 1) summarize(run.report, datasets.length, failed);
    return failed === 0 ? 0 : 1;
  });
}

async function refreshOne(run: Run, dataset: Dataset): Promise<boolean> {
  const { report } = run;
  report.event('refresh', { dataset });
  try {
    await refreshPair(run, dataset);
    report.event('refreshed', { dataset });
    return true;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    tell(report, error, dataset);
    report.event('failed', { dataset, reason: error instanceof Error ? error.message : String(error) });
    return false;
  }
}

function summarize(report: Report, all: number, failed: number): void {
  const done = all - failed;
  report.line(`refresh: ${done} of ${all} file systems done${failed === 0 ? '' : `, ${failed} FAILED`}`);
  report.event('summary', { done, failed });
}
