/**
 * Serves one read-only export on a Unix socket: fixed new-style handshake, structured replies, and `base:allocation`, so that what is
 * not there is neither sent nor kept. Enough for QEMU's NBD client, and no more.
 */
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import {
  byteReader,
  chunks,
  commands,
  errors,
  handshakeFlags,
  infoExport,
  lastChunk,
  NbdError,
  optionMagicBytes,
  optionReplies,
  optionReplyMagic,
  options,
  requestMagic,
  serverMagic,
  statusFlags,
  structuredReplyMagic,
  text,
  transmissionFlags,
  uint32,
  uint64,
  type ByteReader,
} from "./nbd-protocol.ts";

export interface ServedContent {
  readonly sizeBytes: number;
  /** Throws when the content cannot be had; the client's request then fails, others do not. */
  read(offset: number, length: number): Promise<Buffer>;
  /** How the content goes on from an offset: data or nothing, and for how many bytes (at least one, at most `length`). */
  extentAt(offset: number, length: number): { readonly isData: boolean; readonly length: number };
  /** Throws when the content there cannot be had: it is asked before anything is said to be data. */
  check(offset: number): Promise<void>;
}

export interface NbdServer {
  close(): Promise<void>;
}

const longestRead = 32 * 2 ** 20;
const context = "base:allocation";
const contextId = 1;

/** Whoever can reach the socket's folder may connect. The socket of an earlier server that has died is replaced. */
export async function serveNbd(socketPath: string, content: ServedContent): Promise<NbdServer> {
  await rm(socketPath, { force: true });
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on("error", () => undefined); // the reader gets it too
    socket.on("close", () => connections.delete(socket));
    void converse(socket, content).catch(() => undefined).finally(() => socket.destroy());
  });
  await listen(server, socketPath);
  await chmod(socketPath, 0o666);
  return {
    async close() {
      for (const socket of connections) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
}

async function converse(socket: Socket, content: ServedContent): Promise<void> {
  const read = byteReader(socket);
  socket.write(Buffer.concat([serverMagic, uint16(handshakeFlags.fixedNewStyle | handshakeFlags.noZeroes)]));
  await read(4); // the client's flags: one that could not do without padding would fail at what follows
  if (!(await negotiate(socket, read, content))) return;
  for (;;) {
    const header = await read(28);
    if (header.readUInt32BE(0) !== requestMagic) throw new NbdError("the client asked in another form than agreed");
    const command = header.readUInt16BE(6);
    if (command === commands.disconnect) return;
    const request = { handle: header.subarray(8, 16), offset: Number(header.readBigUInt64BE(16)), length: header.readUInt32BE(24) };
    void answer(content, command, request).then((reply) => socket.write(reply));
  }
}

/** False when the client went away without opening the export. */
async function negotiate(socket: Socket, read: ByteReader, content: ServedContent): Promise<boolean> {
  for (;;) {
    const header = await read(16);
    if (!header.subarray(0, 8).equals(optionMagicBytes)) throw new NbdError("the client negotiates in another form than agreed");
    const code = header.readUInt32BE(8);
    const data = await read(header.readUInt32BE(12));
    const reply = (kind: number, payload: Buffer = Buffer.alloc(0)) => socket.write(Buffer.concat([uint64(optionReplyMagic), uint32(code), uint32(kind), uint32(payload.length), payload]));
    if (code === options.structuredReply) reply(optionReplies.acknowledge);
    else if (code === options.setMetaContext) {
      if (data.includes(context)) reply(optionReplies.metaContext, Buffer.concat([uint32(contextId), Buffer.from(context)]));
      reply(optionReplies.acknowledge);
    } else if (code === options.go || code === options.info) {
      reply(optionReplies.info, Buffer.concat([uint16(infoExport), uint64(content.sizeBytes), uint16(transmissionFlags.hasFlags | transmissionFlags.readOnly | transmissionFlags.canMultiConnect)]));
      reply(optionReplies.acknowledge);
      if (code === options.go) return true;
    } else if (code === options.abort) {
      reply(optionReplies.acknowledge);
      return false;
    } else reply(optionReplies.unsupported);
  }
}

interface Request {
  readonly handle: Buffer;
  readonly offset: number;
  readonly length: number;
}

async function answer(content: ServedContent, command: number, request: Request): Promise<Buffer> {
  const { offset, length } = request;
  if (command !== commands.read && command !== commands.blockStatus) return failure(request, errors.permission, "this export can only be read");
  if (length === 0 || offset + length > content.sizeBytes || (command === commands.read && length > longestRead)) return failure(request, errors.invalid, "there is no such part of the export");
  try {
    return await (command === commands.blockStatus ? statusReply(content, request) : readReply(content, request));
  } catch {
    return failure(request, errors.io, "this part of the export cannot be read");
  }
}

/**
 * QEMU's server asks where data is before it reads for a guest. When that fails it passes the error on; when the reading fails that follows, it ends the guest's
 * connection, and the guest's engine comes back and asks again, for ever.
 */
async function statusReply(content: ServedContent, request: Request): Promise<Buffer> {
  const extent = content.extentAt(request.offset, request.length);
  if (extent.isData) await content.check(request.offset);
  const status = Buffer.concat([uint32(contextId), uint32(extent.length), uint32(extent.isData ? 0 : statusFlags.hole | statusFlags.zero)]);
  return chunk(request, chunks.blockStatus, lastChunk, status);
}

async function readReply(content: ServedContent, request: Request): Promise<Buffer> {
  const end = request.offset + request.length;
  const parts: Buffer[] = [];
  for (let at = request.offset; at < end; ) {
    const { isData, length } = content.extentAt(at, end - at);
    const flags = at + length === end ? lastChunk : 0;
    if (isData) parts.push(chunk(request, chunks.data, flags, Buffer.concat([uint64(at), await content.read(at, length)])));
    else parts.push(chunk(request, chunks.hole, flags, Buffer.concat([uint64(at), uint32(length)])));
    at += length;
  }
  return Buffer.concat(parts);
}

function failure(request: Request, code: number, message: string): Buffer {
  const words = text(message);
  return chunk(request, chunks.error, lastChunk, Buffer.concat([uint32(code), words.subarray(2)]));
}

function chunk({ handle }: Request, kind: number, flags: number, payload: Buffer): Buffer {
  return Buffer.concat([uint32(structuredReplyMagic), uint16(flags), uint16(kind), handle, uint32(payload.length), payload]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
