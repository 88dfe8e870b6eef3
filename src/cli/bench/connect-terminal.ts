/** A guest's shell as a benchmark has it: through the service's WebSocket, as a page does, or through plain `ssh`. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { WebSocket } from "ws";
import type { TerminalMessage, TerminalRequest } from "../../base/terminal-protocol.ts";
import { dialTerminal, type TerminalProfile } from "../terminal-client.ts";

export interface BenchShell {
  type(text: string): void;
  /** Returns when the shell has written this since the last `type`. */
  until(text: string): Promise<void>;
  close(): void;
}

/** What a shell wrote since something was typed, and who waits for it. */
class Output {
  #text = "";
  #wanted: { readonly text: string; readonly seen: PromiseWithResolvers<void> } | undefined;
  #end: Error | undefined;

  clear(): void {
    this.#text = "";
  }

  add(text: string): void {
    this.#text += text;
    if (this.#wanted !== undefined && this.#text.includes(this.#wanted.text)) this.#wanted.seen.resolve();
  }

  fail(error: Error): void {
    this.#end = error;
    this.#wanted?.seen.reject(error);
  }

  async until(text: string): Promise<void> {
    if (this.#text.includes(text)) return;
    if (this.#end !== undefined) throw this.#end;
    const seen = Promise.withResolvers<void>();
    this.#wanted = { text, seen };
    await seen.promise;
  }
}

/** Returns at once; `until` waits for the login too. */
export function openServiceShell(profile: TerminalProfile, instance: string): BenchShell {
  const socket: WebSocket = dialTerminal(profile);
  const output = new Output();
  const say = (request: TerminalRequest) => socket.send(JSON.stringify(request));
  let received = 0;
  socket.on("open", () => say({ type: "open", region: profile.region, instance, user: "admin", columns: 80, rows: 24 }));
  socket.on("message", (data: Buffer, isBinary) => {
    if (isBinary) {
      output.add(data.toString("utf8"));
      return say({ type: "acknowledge", received: (received += data.length) });
    }
    const message = JSON.parse(data.toString("utf8")) as TerminalMessage; // the service speaks nothing else
    if (message.type === "ended") output.fail(new Error(message.message));
  });
  socket.on("error", (error) => output.fail(error));
  socket.on("close", () => output.fail(new Error("the terminal's connection ended")));
  return {
    type: (text) => {
      output.clear();
      socket.send(Buffer.from(text));
    },
    until: (text) => output.until(text),
    close: () => {
      say({ type: "end" });
      socket.close();
    },
  };
}

/** Of a login with a terminal. */
export function toShell(login: ChildProcessWithoutNullStreams): BenchShell {
  const output = new Output();
  login.stdout.on("data", (data: Buffer) => output.add(data.toString("utf8")));
  login.once("close", () => output.fail(new Error("ssh ended")));
  return {
    type: (text) => {
      output.clear();
      login.stdin.write(text);
    },
    until: (text) => output.until(text),
    close: () => void login.kill(),
  };
}
