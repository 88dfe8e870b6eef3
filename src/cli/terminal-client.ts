/** The command line's end of a terminal in a guest (`base/terminal-protocol.ts`): this terminal becomes the guest's, and gets its manners back at the end. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ReadStream, WriteStream } from "node:tty";
import { WebSocket } from "ws";
import { terminalPath, type TerminalMessage, type TerminalRequest } from "../base/terminal-protocol.ts";
import { signRequest, type SigningCredentials } from "../wire/signature.ts";
import { CommandError } from "./command-error.ts";

export interface TerminalProfile extends SigningCredentials {
  readonly url: string;
  readonly region: string;
}

export interface WantedTerminal {
  readonly instance: string;
  readonly user: string;
  readonly region: string;
}

export type TerminalResult = Extract<TerminalMessage, { type: "ended" }>;

const retryMs = 500;

/** Returns when the terminal is over, whatever became of its connections in between. Rejects when the service cannot be reached at all. */
export async function showTerminal(profile: TerminalProfile, wanted: WantedTerminal, input: ReadStream, output: WriteStream): Promise<TerminalResult> {
  const view = new View(output);
  const wasRaw = input.isTTY && input.isRaw;
  const type = (data: Buffer) => view.type(data);
  const resize = () => view.say({ type: "resize", ...sizeOf(output) });
  const close = () => view.finish();
  input.on("data", type).once("end", close);
  output.on("resize", resize);
  try {
    let end = await converse(profile, view, { type: "open", ...wanted, ...sizeOf(output) }, () => input.isTTY && input.setRawMode(true));
    for (let lostAt = performance.now(); end === undefined; ) {
      if (view.terminal === undefined || performance.now() - lostAt > view.graceMs) throw new CommandError("The connection to the service broke.", { remedy: "Is it running? ./hostelry status" });
      await sleep(retryMs);
      end = await converse(profile, view, { type: "resume", terminal: view.terminal, received: view.received }, () => {
        lostAt = performance.now();
        resize();
      });
    }
    return end;
  } finally {
    if (input.isTTY) input.setRawMode(wasRaw);
    input.off("data", type).off("end", close).pause();
    output.off("resize", resize);
  }
}

/** One connection; undefined when it broke. */
function converse(profile: TerminalProfile, view: View, first: TerminalRequest, opened: () => void): Promise<TerminalResult | undefined> {
  const socket = dialTerminal(profile);
  return new Promise((resolve, reject) => {
    let end: TerminalResult | undefined;
    socket.on("open", () => socket.send(JSON.stringify(first)));
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) return view.show(data);
      const message = JSON.parse(data.toString("utf8")) as TerminalMessage; // the service speaks nothing else
      if (message.type === "ended") end = message;
      if (message.type !== "opened") return;
      view.attach(socket, message);
      opened();
    });
    socket.on("unexpected-response", (_request, answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString("utf8")));
      answer.on("end", () => reject(new CommandError(text.trim())));
    });
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(end));
  });
}

/** A connection that has said nothing yet, signed. */
export function dialTerminal({ url, region, ...credentials }: TerminalProfile): WebSocket {
  const { host } = new URL(url);
  const request = { method: "GET", path: terminalPath, query: "", headers: { host }, body: new Uint8Array() };
  const { headers } = signRequest(request, credentials, { region, service: "ec2-instance-connect", nowMs: Date.now() });
  return new WebSocket(`${url.replace(/^http/, "ws").replace(/\/$/, "")}${terminalPath}`, { headers, perMessageDeflate: false });
}

function sizeOf({ columns, rows }: WriteStream): { readonly columns: number; readonly rows: number } {
  return { columns: columns ?? 80, rows: rows ?? 24 }; // absent where the output is a file
}

/** What outlives a connection: how much was shown, and what was typed while there was none. */
class View {
  terminal: string | undefined;
  graceMs = 0;
  received = 0;
  readonly #output: WriteStream;
  #socket: WebSocket | undefined;
  #typed: Buffer[] = [];
  #finished = false;

  constructor(output: WriteStream) {
    this.#output = output;
  }

  attach(socket: WebSocket, { terminal, graceMs }: Extract<TerminalMessage, { type: "opened" }>): void {
    Object.assign(this, { terminal, graceMs });
    this.#socket = socket;
    for (const data of this.#typed.splice(0)) socket.send(data);
    if (this.#finished) socket.send(endOfInput);
  }

  show(data: Buffer): void {
    const received = (this.received += data.length);
    this.#output.write(data, () => this.say({ type: "acknowledge", received }));
  }

  type(data: Buffer): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
    else this.#typed.push(data);
  }

  /** There is no more input: the shell is told as a keyboard would. */
  finish(): void {
    this.#finished = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(endOfInput);
  }

  say(request: TerminalRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }
}

/** Control-D. */
const endOfInput = Buffer.from([4]);
