/**
 * Connects in another network namespace than this process's own: a child that is born there makes the connection and hands it over, so that it has the addresses
 * and the way that it has there. The namespace may be removed at any time; then nothing arrives any more.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { toStreamErrorCode } from "../network/guest-connection.ts";
import { StreamError, type TunnelTarget } from "../protocol/stream.ts";

const childFile = join(import.meta.dirname, "hand-over-connection.ts");

/** Rejects with a StreamError. A client's address must be local to the namespace. */
export function connectInNamespace(namespacePath: string, { address, port, clientAddress }: Pick<TunnelTarget, "address" | "port" | "clientAddress">, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (!existsSync(namespacePath)) return reject(new StreamError("unreachable"));
    if (signal.aborted) return reject(new StreamError("timed-out"));
    const child = spawn("nsenter", [`--net=${namespacePath}`, process.execPath, childFile, address, String(port), ...(clientAddress === undefined ? [] : [clientAddress])], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const end = (error: StreamError | undefined): void => {
      signal.removeEventListener("abort", abort);
      if (error !== undefined) reject(error);
      child.kill("SIGKILL");
    };
    const abort = () => end(new StreamError("timed-out"));
    signal.addEventListener("abort", abort, { once: true });
    child.on("message", (word, socket) => {
      if (!(socket instanceof Socket)) return end(new StreamError(toStreamErrorCode(typeof word === "string" ? word : undefined)));
      resolve(Object.assign(socket, { allowHalfOpen: true }).setNoDelay(true).setKeepAlive(true, 30_000));
      end(undefined);
    });
    child.once("error", (cause) => end(new StreamError("failed", { cause })));
    child.once("exit", () => end(new StreamError("failed")));
  });
}
