/** A child process that tests talk to by lines; ended with the test, whatever happens, and with it what it started. */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { sendSignal } from "../../send-signal.ts";

export class LineProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly seen: string[] = [];
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(file: string, args: readonly string[]) {
    this.child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => (this.seen.push(line.trimEnd()), this.#wake()));
    }
    this.child.once("exit", () => ((this.#ended = true), this.#wake()));
  }

  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The first line from position `from` on that fits, with its position. */
  async waitFor(fits: (line: string) => boolean, from = 0, timeoutMs = 120_000): Promise<{ readonly line: string; readonly at: number }> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const at = this.seen.findIndex((line, index) => index >= from && fits(line));
      const line = this.seen[at];
      if (line !== undefined) return { line, at };
      const leftMs = deadline - performance.now();
      if (this.#ended || leftMs <= 0) throw new Error(`the process did not say what was waited for; its last lines:\n${this.seen.slice(-20).join("\n")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.add(() => (clearTimeout(timer), resolve()));
      });
    }
  }

  /** User-mode Linux has helper processes that survive it: the whole group goes. */
  async kill(): Promise<void> {
    const { pid } = this.child;
    if (this.#ended || pid === undefined) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    sendSignal(-pid, "SIGKILL");
    await ended;
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) stream?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
