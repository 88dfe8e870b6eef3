/**
 * One terminal in a guest, or its serial console, whatever becomes of its connections (`base/terminal-protocol.ts`): a broken one is made anew and goes on where it was, as long as
 * the service keeps the terminal.
 */
import { terminalPath, type TerminalMessage, type TerminalRequest } from "../base/terminal-protocol.ts";

export interface WantedTerminal {
  readonly region: string;
  readonly instance: string;
  /** In the guest; absent: its serial console, which asks for a user itself. */
  readonly user?: string;
}

export type LinkState = "opening" | "open" | "broken" | "ended";

export interface LinkEvents {
  /** `done` is called when the output is on the screen. */
  output(bytes: Uint8Array, done: () => void): void;
  /** `text`: what it does now, or why it ended. */
  state(state: LinkState, text: string): void;
}

const steps = { key: "Pushing a key…", connection: "Connecting to the guest…", login: "Logging in…" } as const;
const retryMs = 500;
/** A piece of input in one message; the service takes no larger ones. */
const inputBytes = 16 * 1024;

export class TerminalLink {
  readonly #wanted: WantedTerminal;
  readonly #events: LinkEvents;
  #size: { columns: number; rows: number };
  #socket: WebSocket | undefined;
  #terminal: string | undefined;
  #graceMs = 0;
  #brokenAt: number | undefined;
  #received = 0;
  #over = false;

  constructor(wanted: WantedTerminal, size: { columns: number; rows: number }, events: LinkEvents) {
    this.#wanted = wanted;
    this.#size = size;
    this.#events = events;
    events.state("opening", "Connecting…");
    const { user, ...place } = wanted;
    this.#connect(user === undefined ? { type: "open-serial", ...place } : { type: "open", ...place, user, ...size });
  }

  /** Typed while there is no connection: not sent. */
  type(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += inputBytes) this.#send(bytes.slice(at, at + inputBytes));
  }

  resize(columns: number, rows: number): void {
    this.#size = { columns, rows };
    this.#say({ type: "resize", columns, rows });
  }

  end(): void {
    this.#over = true;
    this.#say({ type: "end" });
    this.#socket?.close();
  }

  #connect(first: TerminalRequest): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${terminalPath}`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => this.#say(first));
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => (typeof data === "string" ? this.#hear(JSON.parse(data) as TerminalMessage) : this.#show(new Uint8Array(data)))); // the service speaks nothing else
    socket.addEventListener("close", () => this.#lose());
  }

  #hear(message: TerminalMessage): void {
    if (message.type === "progress") return this.#events.state("opening", steps[message.step]);
    if (message.type === "opened") {
      this.#terminal = message.terminal;
      this.#graceMs = message.graceMs;
      this.#brokenAt = undefined;
      this.#say({ type: "resize", ...this.#size });
      return this.#events.state("open", this.#welcome());
    }
    this.#over = true;
    this.#events.state("ended", message.message);
  }

  #welcome(): string {
    const { instance, user } = this.#wanted;
    return user === undefined ? `Connected to the serial console of ${instance}. Press Enter for its prompt.` : `Connected to ${instance} as ${user}.`;
  }

  #show(bytes: Uint8Array): void {
    const received = (this.#received += bytes.length);
    this.#events.output(bytes, () => this.#say({ type: "acknowledge", received }));
  }

  #lose(): void {
    if (this.#over) return;
    this.#brokenAt ??= performance.now();
    if (this.#terminal === undefined || performance.now() - this.#brokenAt > this.#graceMs) {
      this.#over = true;
      return this.#events.state("ended", this.#terminal === undefined ? "The service could not be reached, or you are signed out." : "The connection to the service broke.");
    }
    this.#events.state("broken", "The connection to the service broke. Connecting again…");
    const terminal = this.#terminal;
    setTimeout(() => this.#over || this.#connect({ type: "resume", terminal, received: this.#received }), retryMs);
  }

  #say(request: TerminalRequest): void {
    this.#send(JSON.stringify(request));
  }

  #send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
  }
}
