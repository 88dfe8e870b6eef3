/**
 * Brings one machine's serial output to the control plane: the last 64 KiB, at most twice a second while it grows.
 *
 * After a transition (start, reboot) each pause of two seconds, and the end of the first minute, make a settled snapshot; so does the
 * end of a run. The control plane answers GetConsoleOutput with the newest settled one (facts §1.11).
 * While the control plane is away only the newest state is kept, in the file itself.
 */
import type { Log } from "../../base/log.ts";
import { consoleBytes } from "../protocol/exchange.ts";
import type { ConsoleFiles } from "./console-files.ts";

export interface ConsoleUploadOptions {
  readonly file: string;
  readonly consoles: ConsoleFiles;
  /** One attempt; false: try again later. */
  readonly upload: (run: number, settled: boolean, output: Uint8Array) => Promise<boolean>;
  readonly log: Log;
  /** Aborted when the agent leaves: nothing is sent any more. */
  readonly signal: AbortSignal;
  readonly timing?: ConsoleTiming;
}

export interface ConsoleTiming {
  readonly betweenUploadsMs: number;
  readonly quietMs: number;
  readonly settledByMs: number;
  readonly retryMs: number;
}

const ordinaryTiming: ConsoleTiming = { betweenUploadsMs: 500, quietMs: 2_000, settledByMs: 60_000, retryMs: 2_000 };

export class ConsoleUpload {
  readonly #options: ConsoleUploadOptions;
  readonly #timing: ConsoleTiming;
  #run = 0;
  /** What an ended run said last; its file may be gone before it could be sent. */
  #final: Uint8Array | undefined;
  #stopWatching: (() => void) | undefined;
  #settle = false;
  #sending = false;
  #settling = false;
  #sendTimer: NodeJS.Timeout | undefined;
  #quietTimer: NodeJS.Timeout | undefined;
  #settledTimer: NodeJS.Timeout | undefined;

  constructor(options: ConsoleUploadOptions) {
    this.#options = options;
    this.#timing = options.timing ?? ordinaryTiming;
  }

  /** The run's engine is alive: its output is followed from now on. */
  follow(run: number): void {
    if (this.#stopWatching !== undefined && this.#run === run) return;
    this.#run = run;
    this.#final = undefined;
    this.#stopWatching?.();
    this.#stopWatching = this.#options.consoles.watch(this.#options.file, () => this.#noteGrowth());
    this.transition();
    this.#noteGrowth();
  }

  /** The guest starts or restarts: the next pauses in its output are worth a settled snapshot. */
  transition(): void {
    this.#settling = true;
    clearTimeout(this.#settledTimer);
    this.#settledTimer = setTimeout(() => {
      this.#settling = false;
      this.#send(true);
    }, this.#timing.settledByMs).unref();
  }

  /** The run is over: what it said last is its settled output. Afterwards the file may be removed. */
  async end(run: number): Promise<void> {
    this.stop();
    this.#run = run;
    this.#final = await this.#options.consoles.tail(this.#options.file, consoleBytes);
    this.#send(true);
  }

  /** Stops following, as when the agent leaves. */
  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#settling = false;
    for (const timer of [this.#sendTimer, this.#quietTimer, this.#settledTimer]) clearTimeout(timer);
    this.#sendTimer = undefined;
  }

  #noteGrowth(): void {
    this.#sendTimer ??= setTimeout(() => this.#send(false), this.#timing.betweenUploadsMs).unref();
    if (!this.#settling) return;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#send(true), this.#timing.quietMs).unref();
  }

  #send(settled: boolean): void {
    this.#settle ||= settled;
    if (this.#sending) return;
    this.#sending = true;
    void this.#sendAll().finally(() => (this.#sending = false));
  }

  async #sendAll(): Promise<void> {
    clearTimeout(this.#sendTimer);
    this.#sendTimer = undefined;
    do {
      const settled = this.#settle;
      this.#settle = false;
      if (this.#options.signal.aborted) return this.stop();
      if (await this.#attempt(settled)) continue;
      this.#settle ||= settled;
      this.#sendTimer ??= setTimeout(() => this.#send(false), this.#timing.retryMs).unref();
      return;
    } while (this.#settle);
  }

  async #attempt(settled: boolean): Promise<boolean> {
    const { consoles, file, upload, log } = this.#options;
    try {
      const output = this.#final ?? (await consoles.tail(file, consoleBytes));
      const sent = output.length === 0 || (await upload(this.#run, settled, output));
      if (this.#final === undefined) await consoles.bound(file);
      return sent;
    } catch (error) {
      log.warn("Serial output could not be read", { error });
      return true;
    }
  }
}
