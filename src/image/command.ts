/**
 * Runs the programs that an image is built with. A run promises: the program ends when the signal is aborted, and also when this
 * process is killed; a failure carries the last lines that the program wrote; a program that is not installed is
 * reported as such, with the Debian package that has it. It never goes through a shell.
 */
import { spawn } from "node:child_process";
import type { StdioOptions } from "node:child_process";
import { CapabilityError } from "../base/errors.ts";

/** The Debian package of every program that the builder calls. */
const packageOfProgram: Readonly<Record<string, string>> = {
  "apt-cache": "apt",
  "apt-get": "apt",
  debugfs: "e2fsprogs",
  "dpkg-deb": "dpkg",
  "grub-mkimage": "grub-common",
  mke2fs: "e2fsprogs",
  mmdebstrap: "mmdebstrap",
  "qemu-img": "qemu-utils",
  setpriv: "util-linux",
  tar: "tar",
  unshare: "util-linux",
  xz: "xz-utils",
};

/** `setpriv`'s words for: the kernel kills the program when this process is gone. */
const endsWithUs = ["--pdeathsig", "KILL"];

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Called with every line of the error output while the program runs. */
  readonly onLine?: (line: string) => void;
}

export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly status: number | undefined;
  constructor(program: string, status: number | undefined, output: string) {
    super(`${program} ended with ${status === undefined ? "a signal" : `status ${status}`}: ${output.trim() || "it said nothing"}`);
    this.status = status;
  }
}

/** Runs the program to its end and returns what it wrote to its standard output. */
export async function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
  options.signal.throwIfAborted();
  const child = spawn("setpriv", [...endsWithUs, program, ...args], {
    signal: options.signal,
    killSignal: "SIGKILL",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: environmentOf(options.environment ?? {}),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const errors = lineCollector(options.onLine);
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.take(chunk.toString()));
  child.stdin.on("error", () => undefined); // a program may end without reading its input
  child.stdin.end(options.input ?? "");
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", (error) => reject(explain(error, options.signal)));
    child.on("close", resolve);
  });
  options.signal.throwIfAborted();
  if (status !== 0) throw failure(program, status, errors.last());
  return Buffer.concat(stdout).toString();
}

/** Runs two programs at once, the first one's output being the second one's input. */
export async function pipeCommands(first: readonly string[], second: readonly string[], signal: AbortSignal): Promise<void> {
  const [source, sink] = [start(first, ["ignore", "pipe", "pipe"], signal), start(second, ["pipe", "ignore", "pipe"], signal)];
  source.child.stdout?.pipe(sink.child.stdin ?? process.stdout);
  sink.child.stdin?.on("error", () => undefined); // the second program's own status says what went wrong
  const results = await Promise.allSettled([source.ended, sink.ended]);
  signal.throwIfAborted();
  for (const result of results.toReversed()) if (result.status === "rejected") throw result.reason;
}

function start([program = "", ...args]: readonly string[], stdio: StdioOptions, signal: AbortSignal) {
  const child = spawn("setpriv", [...endsWithUs, program, ...args], { signal, killSignal: "SIGKILL", stdio, env: environmentOf({}) });
  const errors = lineCollector(undefined);
  child.stderr?.on("data", (chunk: Buffer) => errors.take(chunk.toString()));
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", (error) => reject(explain(error, signal)));
    child.on("close", (status) => (status === 0 ? resolve() : reject(failure(program, status, errors.last()))));
  });
  return { child, ended };
}

/** System programs live in sbin directories, which an ordinary user's PATH lacks. */
function environmentOf(more: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...process.env, LC_ALL: "C.UTF-8", PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`, ...more };
}

function explain(error: Error, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!("code" in error) || error.code !== "ENOENT") return error;
  return notInstalled("setpriv", { cause: error });
}

function failure(program: string, status: number | null, output: string): Error {
  const missing = status === 127 ? /failed to execute (\S+): No such file/.exec(output)?.[1] : undefined;
  return missing === undefined ? new CommandError(program, status ?? undefined, output) : notInstalled(missing);
}

function notInstalled(program: string, options?: ErrorOptions): CapabilityError {
  const owner = packageOfProgram[program] ?? program;
  return new CapabilityError(`the program ${program} is not installed`, `install the Debian package ${owner}: apt-get install ${owner}`, options);
}

function lineCollector(onLine: ((line: string) => void) | undefined) {
  const kept: string[] = [];
  let rest = "";
  return {
    take(text: string) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        kept.push(line);
        onLine?.(line);
      }
      kept.splice(0, kept.length - 20);
    },
    last: () => [...kept, rest].join("\n"),
  };
}
