/** What a run has moved of one file system: all its streams together, for one line at its end and for programs. */

import { sayBytes } from '../../expire/amounts.ts';

/** A stream that came whole. */
export interface Moved {
  /** As zfs counts them; undefined where it does not say. */
  readonly bytes: number | undefined;
  readonly seconds: number;
  /** The snapshot behind the @, or the bookmark as `#NAME`, that it began with; undefined for a full stream, and where that is not known. */
  readonly base: string | undefined;
}

export interface Tally {
  /** One more stream. */
  add(moved: Moved): void;
  /** `bytes`, `seconds` and `base`, as far as they are known; no `seconds` where there was no stream. */
  facts(): Readonly<Record<string, string | number>>;
  /** The same for a person, about `dataset`: `vault/home: 12.3 MiB in 4.1 s (3.0 MiB/s) since @zrep_000004`. */
  line(dataset: string): string;
}

export function createTally(): Tally {
  const streams: Moved[] = [];
  const sums = () => {
    const bytes = streams.reduce<number | undefined>(
      (sum, one) => (sum === undefined || one.bytes === undefined ? undefined : sum + one.bytes),
      0,
    );
    const seconds = streams.reduce((sum, one) => sum + one.seconds, 0);
    return { bytes, seconds, base: streams[0]?.base };
  };
  return {
    add: (moved) => {
      streams.push(moved);
    },
    facts() {
      if (streams.length === 0) return {};
      const { bytes, seconds, base } = sums();
      return {
        ...(bytes === undefined ? {} : { bytes }),
        seconds: Math.round(seconds * 1000) / 1000,
        ...(base === undefined ? {} : { base }),
      };
    },
    line(dataset) {
      if (streams.length === 0) return `${dataset}: nothing new`;
      const { bytes, seconds, base } = sums();
      const what = bytes === undefined ? 'a stream' : sayBytes(bytes);
      const rate = bytes === undefined || seconds < 0.05 ? '' : ` (${sayBytes(bytes / seconds)}/s)`;
      const since = base === undefined ? '' : ` since ${base.startsWith('#') ? '' : '@'}${base}`;
      return `${dataset}: ${what} in ${seconds.toFixed(1)} s${rate}${since}`;
    },
  };
}
