/**
 * Reads an export of a storage daemon: its content, and in which layer of the stack each part of it is; and has it copied into the topmost one.
 *
 * Requests may overlap; answers are matched by their handles. The end of the connection fails everything that waits.
 */
import { createConnection, type NetConnectOpts, type Socket } from "node:net";
import {
  byteReader,
  chunks,
  commands,
  errors,
  exportRequest,
  lastChunk,
  NbdError,
  option,
  optionReplies,
  options,
  readOptionReply,
  requestMagic,
  serverMagic,
  simpleReplyMagic,
  structuredReplyMagic,
  text,
  uint32,
  type ByteReader,
} from "./nbd-protocol.ts";

/** The export has no data here that could be read. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

/** Of one meta context: what QEMU says of so many bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly value: number;
}

export interface NbdClient extends Disposable {
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Buffer>;
  /** What is known in the meta context of the connection, from the offset on; at least one extent, not always up to the length. */
  status(offset: number, length: number): Promise<readonly Extent[]>;
  /** The server has this part at hand when it returns: in the export's own layer, when it is one of several. */
  cache(offset: number, length: number): Promise<void>;
  /** What the server has written for this client is on disk when it returns. */
  flush(): Promise<void>;
}

interface Pending {
  readonly offset: number;
  readonly data: Buffer | undefined;
  readonly extents: Extent[];
  readonly done: PromiseWithResolvers<void>;
  failure: Error | undefined;
}

/** `context`: `base:allocation`, or `qemu:allocation-depth` (0: nowhere; 1: in this layer; 2: in the one below it; …). */
export async function connectNbd(address: NetConnectOpts, exportName: string, context: string): Promise<NbdClient> {
  const socket = createConnection({ ...address, noDelay: true });
  try {
    const read = byteReader(socket);
    const sizeBytes = await handshake(socket, read, exportName, context);
    return new Connection(socket, read, sizeBytes);
  } catch (cause) {
    socket.destroy();
    throw new Error(`cannot read the export ${exportName}`, { cause });
  }
}

async function handshake(socket: Socket, read: ByteReader, exportName: string, context: string): Promise<number> {
  if (!(await read(18)).subarray(0, 16).equals(serverMagic)) throw new NbdError("what answered is no NBD server");
  socket.write(Buffer.concat([uint32(3), option(options.structuredReply, Buffer.alloc(0))])); // 3: fixed new-style, no zero padding
  await requireAcknowledged(read);
  socket.write(option(options.setMetaContext, Buffer.concat([text(exportName), uint32(1), text(context)])));
  if ((await requireAcknowledged(read)).length === 0) throw new NbdError(`the NBD server does not know ${context}`);
  socket.write(option(options.go, exportRequest(exportName)));
  const info = (await requireAcknowledged(read)).find((payload) => payload.readUInt16BE(0) === 0);
  if (info === undefined) throw new NbdError("the NBD server did not say how large its export is");
  return Number(info.readBigUInt64BE(2));
}

/** The payloads of the answers before the acknowledgement. */
async function requireAcknowledged(read: ByteReader): Promise<readonly Buffer[]> {
  const payloads: Buffer[] = [];
  for (;;) {
    const { kind, payload } = await readOptionReply(read);
    if (kind === optionReplies.acknowledge) return payloads;
    if (kind >= optionReplies.errorBit) throw new NbdError(`the NBD server refused: ${payload.toString()}`);
    payloads.push(payload);
  }
}

class Connection implements NbdClient {
  readonly sizeBytes: number;
  readonly #socket: Socket;
  readonly #pending = new Map<bigint, Pending>();
  #failure: Error | undefined;
  #lastHandle = 0n;

  constructor(socket: Socket, read: ByteReader, sizeBytes: number) {
    this.#socket = socket;
    this.sizeBytes = sizeBytes;
    socket.on("error", () => undefined); // the reader gets it too
    void this.#receive(read);
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const { data } = await this.#request(commands.read, offset, length, Buffer.alloc(length));
    return data ?? Buffer.alloc(0);
  }

  async status(offset: number, length: number): Promise<readonly Extent[]> {
    const { extents } = await this.#request(commands.blockStatus, offset, length, undefined);
    if (extents.length === 0) throw new NbdError("the NBD server said nothing of a part of its export");
    return extents;
  }

  async cache(offset: number, length: number): Promise<void> {
    await this.#request(commands.cache, offset, length, undefined);
  }

  async flush(): Promise<void> {
    await this.#request(commands.flush, 0, 0, undefined);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
    this.#fail(new NbdError("the NBD connection was closed"));
  }

  async #request(command: number, offset: number, length: number, data: Buffer | undefined): Promise<Pending> {
    if (this.#failure !== undefined) throw this.#failure;
    const handle = ++this.#lastHandle;
    const pending: Pending = { offset, data, extents: [], done: Promise.withResolvers(), failure: undefined };
    this.#pending.set(handle, pending);
    const header = Buffer.alloc(28);
    header.writeUInt32BE(requestMagic, 0);
    header.writeUInt16BE(command, 6);
    header.writeBigUInt64BE(handle, 8);
    header.writeBigUInt64BE(BigInt(offset), 16);
    header.writeUInt32BE(length, 24);
    this.#socket.write(header);
    await pending.done.promise;
    return pending;
  }

  async #receive(read: ByteReader): Promise<void> {
    try {
      for (;;) await this.#receiveChunk(read);
    } catch (cause) {
      this.#fail(new NbdError("the NBD connection ended", { cause }));
    }
  }

  /** Or a reply of the simple kind: servers may answer so what has no data. */
  async #receiveChunk(read: ByteReader): Promise<void> {
    const header = await read(16);
    const [magic, handle] = [header.readUInt32BE(0), header.readBigUInt64BE(8)];
    const pending = this.#pending.get(handle);
    if (pending === undefined) throw new NbdError("the NBD server answered what was not asked");
    if (magic === simpleReplyMagic) {
      if (pending.data !== undefined) throw new NbdError("the NBD server answered in another form than agreed");
      if (header.readUInt32BE(4) !== 0) pending.failure = toError(header.readUInt32BE(4), pending.offset);
    } else if (magic === structuredReplyMagic) {
      take(pending, header.readUInt16BE(6), await read((await read(4)).readUInt32BE(0)));
      if ((header.readUInt16BE(4) & lastChunk) === 0) return;
    } else throw new NbdError("the NBD server answered in another form than agreed");
    this.#pending.delete(handle);
    if (pending.failure === undefined) pending.done.resolve();
    else pending.done.reject(pending.failure);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.done.reject(error);
    this.#pending.clear();
  }
}

function take(pending: Pending, kind: number, payload: Buffer): void {
  if (kind === chunks.data) payload.copy(pending.data ?? Buffer.alloc(0), Number(payload.readBigUInt64BE(0)) - pending.offset, 8);
  else if (kind === chunks.blockStatus) takeExtents(pending, payload);
  else if ((kind & chunks.errorBit) !== 0) pending.failure = toError(payload.readUInt32BE(0), pending.offset);
  // holes are zeroes, as the buffer is already
}

function takeExtents({ offset, extents }: Pending, payload: Buffer): void {
  let at = offset;
  for (let place = 4; place < payload.length; place += 8) {
    const length = payload.readUInt32BE(place);
    extents.push({ offset: at, length, value: payload.readUInt32BE(place + 4) });
    at += length;
  }
}

function toError(code: number, offset: number): Error {
  if (code === errors.io) return new UnreadableError(`the volume cannot be read from byte ${offset}`);
  return new NbdError(`the NBD server refused a request for byte ${offset} with error ${code}`);
}
