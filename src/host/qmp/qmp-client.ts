/**
 * QEMU's control protocol (QMP) over a Unix socket: one JSON object a line, answers matched by id, events to listeners.
 * Used for `qemu-system-*` and `qemu-storage-daemon` alike.
 *
 * A QMP server talks to one client at a time: a second connection waits without a greeting, so connecting has a time limit.
 * The end of the connection is the end of the process or of this client; `closed` settles either way and pending commands fail.
 */
import { createConnection, type Socket } from "node:net";

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface QmpClient {
  /** Runs one command and returns its `return` value; rejects with `QmpError` when QEMU refuses it. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Calls the listener for every later event; returns a function that ends this. */
  onEvent(listener: (event: QmpEvent) => void): () => void;
  /** Settles when the connection has ended. */
  readonly closed: Promise<void>;
  /** Ends the connection; the process goes on. */
  close(): void;
}

/** QEMU refused a command; `errorClass` is its own word (`GenericError`, `DeviceNotFound`…). */
export class QmpError extends Error {
  override readonly name = "QmpError";
  readonly errorClass: string;
  constructor(command: string, errorClass: string, description: string) {
    super(`QEMU refused ${command}: ${description}`);
    this.errorClass = errorClass;
  }
}

export interface QmpConnectOptions {
  readonly socket: string;
  /** For the connection and the greeting together. */
  readonly timeoutMs?: number;
}

/** Connects, reads the greeting and enters command mode. */
export async function connectQmp({ socket, timeoutMs = 5_000 }: QmpConnectOptions): Promise<QmpClient> {
  const connection = createConnection({ path: socket });
  const timer = setTimeout(() => connection.destroy(new Error(`no QMP greeting from ${socket} within ${timeoutMs} ms`)), timeoutMs);
  try {
    const session = new QmpSession(connection);
    await session.greeted;
    await session.execute("qmp_capabilities");
    return session;
  } catch (cause) {
    connection.destroy();
    throw new Error(`cannot talk QMP over ${socket}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

class QmpSession implements QmpClient {
  readonly greeted: Promise<void>;
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #greeting = Promise.withResolvers<void>();
  #lastId = 0;
  #rest = "";
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.greeted = this.#greeting.promise;
    this.greeted.catch(() => undefined);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", (error) => (this.#failure = error));
    const closed = Promise.withResolvers<void>();
    this.closed = closed.promise;
    socket.on("close", () => {
      this.#fail(this.#failure ?? new Error("the QMP connection ended"));
      closed.resolve();
    });
  }

  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(new Error(`cannot run ${command}: the QMP connection has ended`));
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command, resolve: answer.resolve, reject: answer.reject });
    this.#socket.write(`${JSON.stringify({ execute: command, ...(args === undefined ? {} : { arguments: args }), id })}\n`);
    return answer.promise;
  }

  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trim() !== "") this.#handle(parseMessage(line));
    }
  }

  #handle(message: Readonly<Record<string, unknown>>): void {
    if ("QMP" in message) return this.#greeting.resolve();
    if (typeof message["event"] === "string") {
      const event = { event: message["event"], data: record(message["data"]) };
      for (const listener of this.#listeners) listener(event);
      return;
    }
    const id = typeof message["id"] === "number" ? message["id"] : -1;
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (!("error" in message)) return pending.resolve(message["return"]);
    const error = record(message["error"]);
    pending.reject(new QmpError(pending.command, String(error["class"]), String(error["desc"])));
  }

  #fail(error: Error): void {
    this.#greeting.reject(error);
    for (const pending of this.#pending.values()) pending.reject(new Error(`${pending.command} got no answer`, { cause: error }));
    this.#pending.clear();
  }
}

function parseMessage(line: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(line));
  } catch {
    return {}; // a line that is no JSON answers nothing; the command that waits for it ends with the connection
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value));
}
