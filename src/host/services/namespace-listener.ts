/**
 * Listens in another network namespace than this process's own: a child that is born there makes the listening sockets and hands them over, so that connections
 * are accepted here, with the addresses that they have there. The namespace may be removed at any time; then nothing arrives any more.
 */
import { spawn } from "node:child_process";
import { Server, type Socket } from "node:net";
import { join } from "node:path";

const childFile = join(import.meta.dirname, "hand-over-listeners.ts");
const handOverMs = 20_000;

export function listenInNamespace(namespacePath: string, ports: readonly number[], accept: (guest: Socket, port: number) => void): Promise<Disposable> {
  return new Promise((resolve, reject) => {
    const servers = new Map<number, Server>();
    const child = spawn("nsenter", [`--net=${namespacePath}`, process.execPath, childFile, ...ports.map(String)], { stdio: ["ignore", "ignore", "inherit", "ipc"], timeout: handOverMs, killSignal: "SIGKILL" });
    const close = (): void => {
      for (const server of servers.values()) server.close();
    };
    child.on("message", (port, server) => {
      if (!(server instanceof Server) || typeof port !== "number") return;
      servers.set(port, Object.assign(server, { allowHalfOpen: true }));
      server.on("connection", (guest: Socket) => accept(guest, port));
      server.unref();
      if (servers.size === ports.length) child.disconnect();
    });
    child.once("error", reject);
    child.once("exit", () => {
      if (servers.size === ports.length) return resolve({ [Symbol.dispose]: close });
      close();
      reject(new Error(`nobody could listen in ${namespacePath}`));
    });
  });
}
