/** A test server with terminals: guests are SSH servers in the test's own process, which take the keys that were pushed to them. */
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { openConnectService, type ConnectService } from "../../src/api/connect/connect-service.ts";
import type { TerminalTimes } from "../../src/api/connect/terminal.ts";
import { openPipeline } from "../../src/api/pipeline.ts";
import { terminalPath, type TerminalMessage, type TerminalRequest } from "../../src/base/terminal-protocol.ts";
import type { HostStreams } from "../../src/compute/host-streams.ts";
import { linkedPair } from "../../src/host/agent/simulated-parts.ts";
import type { StreamTarget } from "../../src/host/protocol/stream.ts";
import { signRequest } from "../../src/wire/signature.ts";
import { serveSsh, type GuestShell } from "./guest-with-ssh.ts";
import { launchOne } from "./launch-one.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";
import { account, region, type Key } from "./test-server.ts";

export interface TerminalServer extends StaffedServer {
  readonly terminals: ConnectService;
  /** To what `reach` says. */
  readonly streams: HostStreams;
  /** Breaks every connection of a viewer. */
  cutConnections(): void;
  /** What a stream leads to; at first the SSH server of a guest. */
  reach: (target: StreamTarget, guest: Duplex) => void;
  /** What a shell does with its terminal; at first it sends back what it hears. */
  shell: (shell: GuestShell) => void;
}

export async function openTerminalServer(times: TerminalTimes = { graceMs: 5_000, idleMs: 60_000, checkMs: 100 }): Promise<TerminalServer> {
  const server = await openStaffedServer();
  const streams: HostStreams = {
    open: async (_hostId, target) => {
      const [host, guest] = linkedPair();
      terminalServer.reach(target, guest);
      return host;
    },
  };
  const terminals = openConnectService({ ...server.parts, pipeline: openPipeline(server.parts), streams, times });
  const sockets = new Set<Duplex>();
  server.http.on("upgrade", (request, socket, head) => {
    sockets.add(socket);
    terminals.upgrade(request, socket, head);
  });
  const pushed = new Set<string>();
  const accepts = (user: string, key: string) => pushed.has(`${user} ${key}`);
  const readPushed = async () => {
    for (const row of await server.read((tx) => tx.db.selectFrom("connect_keys").selectAll().execute())) pushed.add(`${row.os_user} ${row.block.split("\n").find((line) => line.startsWith("ssh-"))}`);
  };
  const terminalServer: TerminalServer = {
    ...server,
    terminals,
    streams,
    cutConnections: () => sockets.forEach((socket) => socket.destroy()),
    reach: (_target, guest) => void readPushed().then(() => serveSsh(guest, accepts, (shell) => terminalServer.shell(shell))),
    shell: ({ channel }) => void channel.pipe(channel),
    [Symbol.asyncDispose]: async () => {
      terminals.close();
      await server[Symbol.asyncDispose]();
    },
  };
  return terminalServer;
}

export async function launchRunning(server: StaffedServer): Promise<string> {
  const { instance } = await launchOne(server);
  await server.hosts.settle();
  return instance;
}

/** One connection to the service's terminals, and what came of it. */
export class TestTerminal {
  readonly messages: TerminalMessage[] = [];
  readonly #socket: WebSocket;
  readonly isOpen: Promise<void>;
  output = "";
  received = 0;
  /** Whether it says what it has received. */
  acknowledges = true;
  closed = false;
  /** The status of a refused connection and what it says. */
  refusal: { readonly status: number | undefined; readonly text: string } | undefined;

  constructor(url: string, headers: Readonly<Record<string, string>>, first?: TerminalRequest) {
    this.#socket = new WebSocket(`${url.replace("http", "ws")}${terminalPath}`, { headers });
    this.isOpen = new Promise((resolve) => this.#socket.on("open", () => resolve()));
    void this.isOpen.then(() => first !== undefined && this.say(first));
    this.#socket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) return void this.messages.push(JSON.parse(data.toString()));
      this.output += data.toString();
      this.received += data.length;
      if (this.acknowledges) this.say({ type: "acknowledge", received: this.received });
    });
    this.#socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part));
      response.on("end", () => (this.refusal = { status: response.statusCode, text }));
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => (this.closed = true));
  }

  say(request: TerminalRequest): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  type(text: string): void {
    this.#socket.send(Buffer.from(text));
  }

  send(data: string | Buffer): void {
    this.#socket.send(data);
  }

  /** Breaks the connection without a word. */
  cut(): void {
    this.#socket.terminate();
  }

  get id(): string {
    const opened = this.messages.find((message) => message.type === "opened");
    return opened?.type === "opened" ? opened.terminal : "";
  }

  /** How it ended, as `code`. */
  get end(): string | undefined {
    const ended = this.messages.find((message) => message.type === "ended");
    return ended?.type === "ended" ? ended.code : undefined;
  }
}

export function openRequest(instance: string, more: Partial<Extract<TerminalRequest, { type: "open" }>> = {}): TerminalRequest {
  return { type: "open", region, instance, user: "admin", columns: 80, rows: 24, ...more };
}

/** Signed by the key, as `./hostelry connect` does it. */
export function signedTerminal({ url }: TerminalServer, first?: TerminalRequest, key: Key = account, service = "ec2-instance-connect"): TestTerminal {
  const credentials = typeof key === "string" ? { accessKeyId: key, secretAccessKey: "test" } : key;
  const request = { method: "GET", path: terminalPath, query: "", headers: { host: new URL(url).host }, body: new Uint8Array() };
  return new TestTerminal(url, signRequest(request, credentials, { region, service, nowMs: Date.now() }).headers, first);
}
