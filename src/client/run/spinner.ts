/** A line on the terminal that changes, by ora. */

import ora from 'ora';

export interface Spinner {
  say(text: string): void;
  stop(): void;
}

export function startSpinner(text: string): Spinner {
  // Signals are the run's to handle: it has locks to let go of.
  const spinner = ora({ text, discardStdin: false, hideCursor: false }).start();
  return {
    say(news) {
      spinner.text = news;
    },
    stop: () => spinner.stop(),
  };
}
