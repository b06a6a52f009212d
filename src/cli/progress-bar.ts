import process from 'node:process';

const WIDTH = 30;
/** More often than this nobody can see, in milliseconds. */
const LEAST_BETWEEN = 100;

/** Where a bar is drawn; `process.stderr` is one. */
export interface BarOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar in one line of the terminal. */
export interface ProgressBar extends Disposable {
  /** Draws how much is done, 0 to 1, and what. */
  show(share: number, text: string): void;
}

/** A bar on standard error; where that is no terminal, nothing is ever drawn. Disposing of it clears its line. */
export function progressBar(
  output: BarOutput = process.stderr,
  now: () => number = () => performance.now(),
): ProgressBar {
  const silent = output.isTTY !== true;
  let drawn = -Infinity;
  return {
    show: (share, text) => {
      if (silent || now() - drawn < LEAST_BETWEEN) return;
      drawn = now();
      const full = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      output.write(`\r\u001B[2K[${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}]${percent}  ${text}`);
    },
    [Symbol.dispose]: () => {
      if (drawn !== -Infinity) output.write('\r\u001B[2K');
    },
  };
}
