/**
 * A shell in a guest and, most of the time, somebody who sees it. Output waits in the guest while a window of it is not acknowledged, so no flood grows
 * memory here; what is not acknowledged is kept for a connection that takes the terminal up. Without one it ends after a grace time.
 */
import { terminalWindow, type TerminalMessage } from "../../base/terminal-protocol.ts";
import type { Shell } from "./ssh-shell.ts";
import { TerminalProblem, toEndMessage } from "./terminal-problem.ts";
import { whilePermitted } from "./while-permitted.ts";

export interface Viewer {
  show(output: Uint8Array): void;
  tell(message: TerminalMessage): void;
  /** After the last message. */
  leave(): void;
}

export interface TerminalTimes {
  /** Without a viewer. */
  readonly graceMs: number;
  /** Without input. */
  readonly idleMs: number;
  /** How often it is asked whether the terminal may still be. */
  readonly checkMs: number;
}

export class Terminal {
  readonly id: string;
  readonly #shell: Shell;
  readonly #times: TerminalTimes;
  readonly #over = Promise.withResolvers<void>();
  #viewer: Viewer | undefined;
  /** Output from byte `#acknowledged` to byte `#sent`. */
  #kept: Buffer[] = [];
  #sent = 0;
  #acknowledged = 0;
  #grace: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout;
  readonly #stopAsking: () => void;
  /** Why it is over. */
  #ended: TerminalProblem | undefined;

  /** `permitted` rejects when the terminal must end. */
  constructor(id: string, shell: Shell, times: TerminalTimes, permitted: () => Promise<void>) {
    this.id = id;
    this.#shell = shell;
    this.#times = times;
    this.#idle = this.#idleTimer();
    this.#stopAsking = whilePermitted(permitted, times.checkMs, (problem) => this.end(problem));
    shell.channel.on("data", (output: Buffer) => this.#take(output));
    shell.ended.then(
      (status) => this.end(new TerminalProblem("exit", `The shell ended${status === undefined ? "" : ` with status ${status}`}.`, { status })),
      (cause: unknown) => this.end(cause instanceof TerminalProblem ? cause : new TerminalProblem("lost", "The connection to the guest broke.", { cause })),
    );
  }

  /** Settles when the terminal is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Somebody sees it. */
  get isSeen(): boolean {
    return this.#viewer !== undefined;
  }

  /** Shows the terminal from here on, in the place of who did; `received`: how much of its output the viewer has. */
  attach(viewer: Viewer, received: number): void {
    this.#leave(new TerminalProblem("replaced", "The terminal was taken up by another window."));
    clearTimeout(this.#grace);
    this.#viewer = viewer;
    if (this.#ended !== undefined) return this.#leave(this.#ended);
    this.acknowledge(received);
    viewer.tell({ type: "opened", terminal: this.id, graceMs: this.#times.graceMs });
    for (const output of this.#kept) viewer.show(output);
  }

  /** The viewer's connection is gone. */
  detach(viewer: Viewer): void {
    if (this.#viewer !== viewer) return;
    this.#viewer = undefined;
    this.#grace = setTimeout(() => this.end(new TerminalProblem("closed", "Nobody took the terminal up again.")), this.#times.graceMs);
  }

  /** False: no more before `drained`. */
  type(input: Uint8Array): boolean {
    clearTimeout(this.#idle);
    this.#idle = this.#idleTimer();
    return this.#shell.channel.write(input);
  }

  drained(then: () => void): void {
    this.#shell.channel.once("drain", then);
  }

  resize(columns: number, rows: number): void {
    this.#shell.resize(columns, rows);
  }

  /** So many bytes of output since the beginning have been shown. */
  acknowledge(received: number): void {
    for (let first = this.#kept[0]; first !== undefined && this.#acknowledged < received; first = this.#kept[0]) {
      const shown = Math.min(first.length, received - this.#acknowledged);
      this.#acknowledged += shown;
      if (shown < first.length) this.#kept[0] = first.subarray(shown);
      else this.#kept.shift();
    }
    if (this.#sent - this.#acknowledged < terminalWindow) this.#shell.channel.resume();
  }

  end(problem: TerminalProblem): void {
    if (this.#ended !== undefined) return;
    this.#leave(problem);
    this.#ended = problem;
    clearTimeout(this.#grace);
    clearTimeout(this.#idle);
    this.#stopAsking();
    this.#kept = [];
    this.#shell.close();
    this.#over.resolve();
  }

  #take(output: Buffer): void {
    this.#sent += output.length;
    this.#kept.push(output);
    this.#viewer?.show(output);
    if (this.#sent - this.#acknowledged >= terminalWindow) this.#shell.channel.pause();
  }

  #leave(problem: TerminalProblem): void {
    this.#viewer?.tell(toEndMessage(problem));
    this.#viewer?.leave();
    this.#viewer = undefined;
  }

  #idleTimer(): NodeJS.Timeout {
    return setTimeout(() => this.end(new TerminalProblem("idle", "The terminal was closed, since nothing was typed for long.")), this.#times.idleMs);
  }
}
