/** What is known of pairs in Prometheus's text form, for node_exporter's folder of text files. Pure. */

import type { MissingCopy } from '../copies/find-missing.ts';
import { parseSource } from '../words/source.ts';
import { MISSING_STATE, STATE_EXIT } from './judge.ts';
import type { Judged, StatusFacts } from './status-facts.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Undefined where there is nothing to tell. */
  value(judged: Judged): number | undefined;
  /** The same of a missing copy. */
  ofMissing?(missing: MissingCopy): number | undefined;
}

const METRICS: readonly Metric[] = [
  {
    name: 'zrep_last_sent_timestamp_seconds',
    help: 'When the last snapshot that both sides have was sent; 0 when none was.',
    value: ({ pair }) => pair.sent ?? 0,
    ofMissing: ({ refreshed }) => refreshed ?? 0,
  },
  {
    name: 'zrep_missing',
    help: '1 when a copy that was refreshed here is not here any more, or under another name.',
    value: ({ pair }) => (pair.role === 'copy' ? 0 : undefined),
    ofMissing: () => 1,
  },
  {
    name: 'zrep_snapshots',
    help: 'Snapshots of the tag.',
    value: ({ pair }) => pair.snapshots.length,
  },
  {
    name: 'zrep_unsent_snapshots',
    help: 'Snapshots behind the last one that was sent.',
    value: ({ pair }) => pair.unsent.length,
  },
  {
    name: 'zrep_resume_pending',
    help: '1 when a stream into it was cut off and can be gone on with.',
    value: ({ pair }) => (pair.token === undefined ? 0 : 1),
  },
  {
    name: 'zrep_lock_live',
    help: '1 when a zrep is at work on it.',
    value: ({ pair }) => (pair.lock?.live === true ? 1 : 0),
  },
  {
    name: 'zrep_lock_stale',
    help: '1 when a zrep that died has left its lock; the next one takes it over.',
    value: ({ pair }) => (pair.lock?.live === false ? 1 : 0),
  },
  {
    name: 'zrep_refresh_failing',
    help: '1 when the last refresh of a copy failed here; zrep status says why.',
    value: ({ pair, failing }) => (pair.role === 'copy' ? (failing === undefined ? 0 : 1) : undefined),
  },
  {
    name: 'zrep_next_pull_would_succeed',
    help: 'With --verify: 1 when the far side has what the next pull goes on from, 0 when not.',
    value: ({ verification }) => {
      if (verification === undefined || verification.verdict === 'unknown') return undefined;
      return verification.verdict === 'would-succeed' ? 1 : 0;
    },
  },
  {
    name: 'zrep_state',
    help: 'As the exit code of zrep status --warn --critical: 0 ok, 1 warning, 2 critical, 3 unknown.',
    value: ({ judgement }) => STATE_EXIT[judgement.state],
    ofMissing: () => STATE_EXIT[MISSING_STATE],
  },
];

/** The whole file, as of `now`. A missing copy has what is remembered of it, so that it gets old; a retired one has no line. */
export function prometheusText({ judged, missing, tag }: StatusFacts, now: number): string {
  const lines = METRICS.flatMap(({ name, help, value, ofMissing = () => undefined }) => {
    const samples = [
      ...judged.map((one) => [labelsOf(one, tag), value(one)] as const),
      ...missing.map((one) => [labelsOfMissing(one, tag), ofMissing(one)] as const),
    ].flatMap(([labels, found]) => (found === undefined ? [] : [`${name}{${labels}} ${found}`]));
    return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
  });
  const made = 'zrep_status_timestamp_seconds';
  const own = [
    `# HELP ${made} When zrep status looked.`,
    `# TYPE ${made} gauge`,
    `${made}{tag="${escapeLabel(tag)}"} ${now}`,
  ];
  return [...lines, ...own].map((line) => `${line}\n`).join('');
}

function labelsOf({ pair }: Judged, tag: string): string {
  const peer = pair.role === 'source' ? pair.destination.host : pair.source.host;
  return written({ filesystem: pair.dataset, tag, role: pair.role, peer: peer ?? '' });
}

/** Those that it had when it was here. */
function labelsOfMissing({ dataset, source = '' }: MissingCopy, tag: string): string {
  const peer = parseSource(source, '')?.host.name ?? '';
  return written({ filesystem: dataset, tag, role: 'copy', peer });
}

function written(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

/** A host's name can have come with a stream. */
function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
