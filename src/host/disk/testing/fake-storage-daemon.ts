/** QMP as a storage daemon speaks it that has exports and nothing else. What it was told to take away is gone when the test says so, and it answers only as long as the test lets it. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

export class FakeStorageDaemon implements AsyncDisposable {
  readonly directory: string;
  /** By id. */
  readonly exports = new Map<string, { isEnding: boolean }>();
  answers = true;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor(directory: string) {
    this.directory = directory;
    this.#server = createServer((connection) => this.#serve(connection));
  }

  static async start(): Promise<FakeStorageDaemon> {
    const daemon = new FakeStorageDaemon(await mkdtemp("/tmp/hostelry-fake-daemon-"));
    await once(daemon.#server.listen(daemon.socket), "listening");
    return daemon;
  }

  get socket(): string {
    return join(this.directory, "qmp");
  }

  /** The export that is being taken away is gone. */
  finish(id: string): void {
    this.exports.delete(id);
    for (const connection of this.#connections) send(connection, { event: "BLOCK_EXPORT_DELETED", data: { id } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  #serve(connection: Socket): void {
    this.#connections.add(connection);
    connection.once("close", () => this.#connections.delete(connection));
    send(connection, { QMP: {} });
    createInterface(connection).on("line", (line) => {
      const { execute, arguments: args, id } = JSON.parse(line) as { execute: string; arguments?: Record<string, string>; id: number }; // the project's own client wrote it
      if (this.answers) send(connection, { id, ...this.#carryOut(execute, args?.["id"] ?? "") });
    });
  }

  #carryOut(command: string, id: string): object {
    const present = this.exports.get(id);
    switch (command) {
      case "block-export-add":
        if (present !== undefined) return refusal(`Block export id '${id}' is already in use`);
        this.exports.set(id, { isEnding: false });
        return { return: {} };
      case "block-export-del":
        if (present === undefined) return refusal(`Export '${id}' is not found`);
        if (present.isEnding) return refusal(`Export '${id}' is already shutting down`);
        present.isEnding = true;
        return { return: {} };
      case "query-block-exports":
        return { return: [...this.exports].map(([name, { isEnding }]) => ({ id: name, "shutting-down": isEnding })) };
      default:
        return { return: {} };
    }
  }
}

const refusal = (desc: string): object => ({ error: { class: "GenericError", desc } });

function send(connection: Socket, message: object): void {
  connection.write(`${JSON.stringify(message)}\n`);
}
