/** What a person reads while a command works: steps that are done, and on a terminal the one at hand with a spinner. */

export interface Progress {
  /** The step at hand; replaces the one before. */
  working(text: string): void;
  /** A line that stays. */
  done(text: string): void;
  note(text: string): void;
  /** Takes away the step at hand. */
  end(): void;
}

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export function terminalProgress(output: Output): Progress {
  return output.isTTY === true ? spinningProgress(output) : plainProgress(output);
}

/** A step that only counts on is shown this often. */
const repeatMs = 2_000;

/** One line for each new step, for logs and pipes; what stands behind a step's colon is its detail and makes no new one. */
function plainProgress(output: Output): Progress {
  let step = "";
  let shown = "";
  let shownAt = 0;
  const line = (text: string) => void output.write(`${text}\n`);
  const working = (text: string) => {
    const next = text.slice(0, text.includes(": ") ? text.lastIndexOf(": ") : undefined);
    if (text === shown || (next === step && performance.now() - shownAt < repeatMs)) return;
    line(`… ${text}`);
    [step, shown, shownAt] = [next, text, performance.now()];
  };
  return { working, done: (text) => line(`✓ ${text}`), note: line, end() {} };
}

function spinningProgress(output: Output): Progress {
  let text = "";
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const clear = () => output.write("\r\u001B[K");
  const draw = () => {
    const room = Math.max(20, (output.columns || 80) - 3);
    output.write(`\r\u001B[K${frames[(frame += 1) % frames.length] ?? ""} ${text.slice(0, room)}`);
  };
  const end = () => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    clear();
  };
  const line = (whole: string) => {
    end();
    output.write(`${whole}\n`);
  };
  return {
    working(next) {
      text = next;
      if (timer === undefined) draw();
      timer ??= setInterval(draw, 100).unref();
    },
    done: (whole) => line(`\u001B[32m✓\u001B[0m ${whole}`),
    note: line,
    end,
  };
}

/** `1 guest`, `2 guests`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Rows as columns of equal width, two spaces between them. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}
