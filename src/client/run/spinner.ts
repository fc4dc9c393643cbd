/** A line on the terminal that changes, by ora. */

import ora from 'ora';

export interface Spinner {
  say(text: string): void;
  /** Takes the line away, until the next time that it is drawn. */
  clear(): void;
  stop(): void;
}

export function startSpinner(text: string): Spinner {
  // Signals are the run's to handle: it has locks to let go of.
  const spinner = ora({ text, discardStdin: false, hideCursor: false }).start();
  return {
    say(news) {
      spinner.text = news;
    },
    clear: () => spinner.clear(),
    stop: () => spinner.stop(),
  };
}
