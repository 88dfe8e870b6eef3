/**
 * The WebSocket of a terminal (`base/terminal-protocol.ts`). One connection is one terminal; its first message opens one or takes one up. Wrong messages
 * end the connection; input waits for the guest.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { Log } from "../../base/log.ts";
import { parseTerminalRequest, type TerminalMessage, type TerminalRequest } from "../../base/terminal-protocol.ts";
import type { Terminal, Viewer } from "./terminal.ts";
import type { OpenRequest, TerminalDesk } from "./terminal-desk.ts";
import { TerminalProblem, toEndMessage, toProblem } from "./terminal-problem.ts";
import type { Visitor } from "./visitor.ts";

type FirstRequest = OpenRequest | Extract<TerminalRequest, { type: "resume" }>;

/** Of input in one message; a larger paste comes in several. */
const largestMessage = 64 * 1024;
const firstMessageMs = 10_000;
/** A connection that does not answer a ping before the next is gone. */
const pingMs = 15_000;

export interface TerminalSockets {
  /** Takes the connection over. The visitor is known already. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): void;
  close(): void;
}

export function openTerminalSockets(desk: TerminalDesk, log: Log): TerminalSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: largestMessage, perMessageDeflate: false });
  return {
    accept: (request, socket, head, visitor) => server.handleUpgrade(request, socket, head, (connection) => new Conversation(connection, desk, visitor, log)),
    close: () => {
      for (const connection of server.clients) connection.terminate();
    },
  };
}

class Conversation implements Viewer {
  readonly #socket: WebSocket;
  readonly #desk: TerminalDesk;
  readonly #visitor: Visitor;
  readonly #log: Log;
  readonly #gone = new AbortController();
  #began = false;
  #terminal: Terminal | undefined;
  #alive = true;

  constructor(socket: WebSocket, desk: TerminalDesk, visitor: Visitor, log: Log) {
    this.#socket = socket;
    this.#desk = desk;
    this.#visitor = visitor;
    this.#log = log;
    const patience = setTimeout(() => this.#began || socket.terminate(), firstMessageMs);
    const heart = setInterval(() => this.#ping(), pingMs);
    socket.on("pong", () => (this.#alive = true));
    socket.on("message", (data: Buffer, isBinary) => this.#hear(data, isBinary)); // the default of ws for data
    socket.on("error", () => socket.terminate());
    socket.once("close", () => {
      clearTimeout(patience);
      clearInterval(heart);
      this.#gone.abort(new Error("the viewer left"));
      this.#terminal?.detach(this);
    });
  }

  show(output: Uint8Array): void {
    this.#socket.send(output);
  }

  tell(message: TerminalMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  leave(): void {
    this.#terminal = undefined;
    this.#socket.resume(); // else its answer is not read
    this.#socket.close(1000);
  }

  #hear(data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.#type(data);
    const request = parseTerminalRequest(data.toString("utf8"));
    const isFirst = request?.type === "open" || request?.type === "open-serial" || request?.type === "resume";
    if (request === undefined || isFirst === this.#began) return this.#socket.close(1008, "not a message of a terminal");
    if (!isFirst) return this.#obey(request);
    this.#began = true;
    this.#begin(request).catch((thrown: unknown) => this.#refuse(toProblem(thrown)));
  }

  #type(input: Buffer): void {
    if (this.#terminal?.type(input) !== false) return;
    this.#socket.pause();
    this.#terminal.drained(() => this.#socket.resume());
  }

  #obey(request: Exclude<TerminalRequest, FirstRequest>): void {
    if (request.type === "resize") this.#terminal?.resize(request.columns, request.rows);
    else if (request.type === "acknowledge") this.#terminal?.acknowledge(request.received);
    else this.#terminal?.end(new TerminalProblem("closed", "The terminal was closed."));
  }

  async #begin(request: FirstRequest): Promise<void> {
    const terminal =
      request.type === "resume" ? this.#desk.find(this.#visitor, request.terminal) : await this.#desk.open(this.#visitor, request, (message) => this.tell(message), this.#gone.signal);
    if (terminal === undefined) throw new TerminalProblem("gone", "The terminal is gone. Open a new one.");
    this.#terminal = terminal;
    terminal.attach(this, request.type === "resume" ? request.received : 0);
    if (this.#gone.signal.aborted) terminal.detach(this);
  }

  #refuse(problem: TerminalProblem): void {
    if (problem.code === "failed") this.#log.warn("A terminal could not be opened", { error: problem });
    this.tell(toEndMessage(problem));
    this.#socket.close(1000);
  }

  #ping(): void {
    if (this.#socket.isPaused) return; // its answers are not read either
    if (!this.#alive) return this.#socket.terminate();
    this.#alive = false;
    this.#socket.ping();
  }
}
