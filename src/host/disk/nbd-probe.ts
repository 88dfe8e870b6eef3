/**
 * Asks an NBD server whether it has an export, without opening it: the start of NBD's fixed new-style handshake, `NBD_OPT_INFO`,
 * and goodbye. A guest's engine is started only when all of its volumes answer, because it gives up at once where they do not.
 */
import { createConnection, type Socket } from "node:net";
import type { NbdEndpoint } from "../protocol/specification.ts";

const optionMagic = "49484156454f5054"; // "IHAVEOPT"
const serverMagic = Buffer.from("4e42444d41474943" + optionMagic, "hex"); // "NBDMAGIC", then the option magic
const replyMagic = 0x3e889045565a9n;
const optionInfo = 6;
const optionAbort = 2;
const replyAcknowledge = 1;
const replyErrorBit = 0x80000000;

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
    socket.end(option(optionAbort, Buffer.alloc(0)));
  } finally {
    socket.destroySoon();
  }
}

async function handshake(socket: Socket, exportName: string): Promise<void> {
  const read = reader(socket);
  const greeting = await read(18);
  if (!greeting.subarray(0, 16).equals(serverMagic)) throw new Error("what answered is no NBD server");
  const name = Buffer.from(exportName);
  const request = Buffer.concat([uint32(name.length), name, Buffer.alloc(2)]);
  socket.write(Buffer.concat([uint32(3), option(optionInfo, request)])); // 3: fixed new-style, no zero padding
  for (;;) {
    const header = await read(20);
    if (header.readBigUInt64BE(0) !== replyMagic) throw new Error("the NBD server answered out of turn");
    const kind = header.readUInt32BE(12);
    const payload = await read(header.readUInt32BE(16));
    if (kind === replyAcknowledge) return;
    if (kind >= replyErrorBit) throw new Error(`the NBD server has no such export: ${payload.toString()}`);
  }
}

function option(code: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(optionMagic, "hex"), uint32(code), uint32(data.length), data]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Reads exactly so many bytes of the stream each time. */
function reader(socket: Socket): (count: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  return async (count) => {
    while (held.length < count) {
      const next = await chunks.next();
      if (next.done === true) throw new Error("the NBD server ended the connection");
      held = Buffer.concat([held, next.value]);
    }
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
}
