/** Listening at an address that the machine may not have yet. */
import type { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const retryMs = 200;

/** Returns true when the server listens, false when the signal aborts before the machine has the address. Rejects when the port is another's. */
export async function listenWhenThere(server: Server, address: string, port: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await listen(server, address, port)) return true;
    await delay(retryMs, undefined, { signal }).catch(() => undefined); // looked at above
  }
  return false;
}

/** False when the machine does not have the address. */
function listen(server: Server, address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => (error.code === "EADDRNOTAVAIL" ? resolve(false) : reject(error));
    server.once("error", failed);
    server.listen(port, address, () => {
      server.off("error", failed);
      resolve(true);
    });
  });
}
