/**
 * One build (or one import) at a time in a folder. The lock is a Unix socket in the kernel's abstract namespace, named after the folder: it is
 * gone the moment its holder is, however that ended, so no stale lock can remain. A second builder waits until the
 * first one's connection closes. Names are those of a network namespace.
 */
import { createHash } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";

export interface Lock extends AsyncDisposable {
  /** Whether another holder had to end first. */
  readonly waited: boolean;
}

/** Waits for its turn; `onWait` is called once if there is something to wait for. */
export async function takeBuildLock(directory: string, purpose: "packages" | "build" | "import", signal: AbortSignal, onWait: () => void): Promise<Lock> {
  await mkdir(directory, { recursive: true });
  const identity = createHash("sha256").update(await realpath(directory)).digest("hex").slice(0, 32);
  return takeLock(`${purpose}-${identity}`, signal, onWait);
}

/** The same for anything else that has a name. */
export async function takeLock(name: string, signal: AbortSignal, onWait: () => void): Promise<Lock> {
  const address = `\0hostelry-${name}`;
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    const holding = await listen(address);
    if (holding !== undefined) return { waited, [Symbol.asyncDispose]: () => holding.release() };
    if (!waited) onWait();
    await holderGone(address, signal);
  }
}

interface Holding {
  /** Ends the hold and the waiters' connections. */
  release(): Promise<void>;
}

/** Undefined when somebody listens there already. */
async function listen(address: string): Promise<Holding | undefined> {
  const waiters = new Set<Socket>();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.on("error", () => undefined); // a waiter that gave up
    socket.on("close", () => waiters.delete(socket));
  });
  const release = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of waiters) socket.destroy();
    });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => ("code" in error && error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(address, () => resolve({ release }));
  });
}

/** Settles when the holder closes the connection, or nobody listens any more. */
async function holderGone(address: string, signal: AbortSignal): Promise<void> {
  const socket = connect(address);
  const abort = () => socket.destroy();
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  await new Promise<void>((resolve) => {
    socket.on("error", () => undefined); // refused: gone already
    socket.on("close", () => resolve());
    socket.resume();
  });
  signal.removeEventListener("abort", abort);
}
