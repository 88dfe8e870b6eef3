/**
 * Asks an NBD server whether it has an export, without opening it: the start of NBD's fixed new-style handshake, `NBD_OPT_INFO`,
 * and goodbye. A guest's engine is started only when all of its volumes answer, because it gives up at once where they do not.
 */
import { createConnection, type Socket } from "node:net";
import type { NbdEndpoint } from "../protocol/specification.ts";
import { byteReader, exportRequest, option, optionReplies, options, readOptionReply, serverMagic, uint32 } from "./nbd/nbd-protocol.ts";

/** Waits until the export answers; throws when the time is over, saying what the last attempt met. */
export async function waitForExport(endpoint: NbdEndpoint, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let waitMs = 20; ; waitMs = Math.min(250, waitMs * 1.5)) {
    try {
      return await probeExport(endpoint, signal);
    } catch (cause) {
      signal.throwIfAborted();
      if (performance.now() > deadline) throw new Error(`the volume's export ${endpoint.exportName} does not answer`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Returns when the server says that it has the export. */
export async function probeExport(endpoint: NbdEndpoint, signal: AbortSignal): Promise<void> {
  const socket = createConnection({ host: endpoint.address, port: endpoint.port, noDelay: true, signal });
  socket.setTimeout(2_000, () => socket.destroy(new Error("the NBD server said nothing for 2 seconds")));
  try {
    await handshake(socket, endpoint.exportName);
    socket.end(option(options.abort, Buffer.alloc(0)));
  } finally {
    socket.destroySoon();
  }
}

async function handshake(socket: Socket, exportName: string): Promise<void> {
  const read = byteReader(socket);
  const greeting = await read(18);
  if (!greeting.subarray(0, 16).equals(serverMagic)) throw new Error("what answered is no NBD server");
  socket.write(Buffer.concat([uint32(3), option(options.info, exportRequest(exportName))])); // 3: fixed new-style, no zero padding
  for (;;) {
    const { kind, payload } = await readOptionReply(read);
    if (kind === optionReplies.acknowledge) return;
    if (kind >= optionReplies.errorBit) throw new Error(`the NBD server has no such export: ${payload.toString()}`);
  }
}
