/** A login shell in a guest, over a connection that is there already. The guest is known by the way to it, which its own host made, so no host key is asked for. */
import type { Duplex } from "node:stream";
import { Client, type ClientChannel } from "ssh2";

export interface ShellRequest {
  readonly user: string;
  /** OpenSSH's own format. */
  readonly privateKey: string;
  readonly columns: number;
  readonly rows: number;
}

export interface Shell {
  /** Bytes of the terminal. */
  readonly channel: Duplex;
  resize(columns: number, rows: number): void;
  /** Settles when the shell ended, with its exit status if it had one, or rejects when the connection broke. */
  readonly ended: Promise<number | undefined>;
  close(): void;
}

/** The guest did not accept the key for the user. */
export class LoginRefusedError extends Error {
  override readonly name = "LoginRefusedError";
}

/** The guest listens, and then takes too long. */
export class LoginTimeoutError extends Error {
  override readonly name = "LoginTimeoutError";
}

const readyTimeoutMs = 10_000;
/** A guest that does not answer any more is noticed after three of these. */
const keepaliveMs = 15_000;

/** Rejects with a LoginRefusedError, a LoginTimeoutError, or with whatever else went wrong. The connection is closed with the shell. */
export function openShell(connection: Duplex, { user, privateKey, columns, rows }: ShellRequest): Promise<Shell> {
  const client = new Client();
  const opened = Promise.withResolvers<Shell>();
  const ended = Promise.withResolvers<number | undefined>();
  ended.promise.catch(() => undefined); // only who has the shell asks
  const fail = (error: Error & { level?: string }): void => {
    opened.reject(toLoginError(error));
    connection.destroy();
    if (!hasExited) ended.reject(error);
  };
  let hasExited = false; // then there is only output left to read, whatever becomes of the connection
  client.on("error", fail);
  client.on("close", () => fail(new Error("the connection to the guest broke")));
  client.on("ready", () => {
    requestShell(client, { columns, rows }, () => (hasExited = true)).then(({ channel, exited }) => {
      opened.resolve({ channel, ended: ended.promise, resize: (width, height) => channel.setWindow(height, width, 0, 0), close: () => client.destroy() });
      return exited;
    }).then((status) => {
      ended.resolve(status);
      client.end();
    }).catch(fail);
  });
  client.connect({ sock: connection, username: user, privateKey, readyTimeout: readyTimeoutMs, keepaliveInterval: keepaliveMs, keepaliveCountMax: 3 });
  return opened.promise;
}

function toLoginError(error: Error & { level?: string }): Error {
  if (error.level === "client-authentication") return new LoginRefusedError("the guest refused the key", { cause: error });
  return error.level === "client-timeout" ? new LoginTimeoutError("the guest's SSH server does not answer", { cause: error }) : error;
}

interface OpenChannel {
  readonly channel: ClientChannel;
  /** As `exitOf` says. */
  readonly exited: Promise<number | undefined>;
}

function requestShell(client: Client, { columns: cols, rows }: Pick<ShellRequest, "columns" | "rows">, exits: () => void): Promise<OpenChannel> {
  return new Promise((resolve, reject) => {
    client.shell({ term: "xterm-256color", cols, rows, width: 0, height: 0 }, (error, channel) => {
      if (error !== undefined) return reject(error);
      channel.once("exit", exits); // now: a shell may end at once
      resolve({ channel, exited: exitOf(channel) });
    });
  });
}

/** The shell's status, when all that it wrote has been read. Does not settle for a shell that ended without one: its connection broke. */
async function exitOf(channel: ClientChannel): Promise<number | undefined> {
  channel.on("error", () => undefined); // the client's own error says more
  channel.stderr.resume(); // a terminal has none
  const read = new Promise((resolve) => channel.once("end", resolve));
  const status = await new Promise<number | null>((resolve) => channel.once("exit", resolve));
  await read;
  return status ?? undefined;
}
