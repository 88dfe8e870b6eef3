/**
 * The numbers and frames of NBD that both its ends need: fixed new-style handshake, structured replies, and the meta contexts that tell
 * what is allocated. As the NBD protocol's document (`proto.md` of the NetworkBlockDevice project) has them; all numbers are big-endian.
 */
import type { Socket } from "node:net";

const optionMagic = "49484156454f5054"; // "IHAVEOPT"
export const serverMagic: Buffer = Buffer.from(`4e42444d41474943${optionMagic}`, "hex"); // "NBDMAGIC", then the option magic
export const optionMagicBytes: Buffer = Buffer.from(optionMagic, "hex");
export const optionReplyMagic = 0x3e889045565a9n;
export const requestMagic = 0x25609513;
export const simpleReplyMagic = 0x67446698;
export const structuredReplyMagic = 0x668e33ef;

export const handshakeFlags = { fixedNewStyle: 1, noZeroes: 2 } as const;
export const transmissionFlags = { hasFlags: 1, readOnly: 2, canMultiConnect: 256 } as const;
export const options = { abort: 2, info: 6, go: 7, structuredReply: 8, setMetaContext: 10 } as const;
export const optionReplies = { acknowledge: 1, info: 3, metaContext: 4, errorBit: 0x80000000, unsupported: 0x80000001, invalid: 0x80000003, unknown: 0x80000006 } as const;
export const commands = { read: 0, disconnect: 2, flush: 3, cache: 5, blockStatus: 7 } as const;
export const chunks = { none: 0, data: 1, hole: 2, blockStatus: 5, errorBit: 0x8000, error: 0x8001 } as const;
export const errors = { permission: 1, io: 5, invalid: 22 } as const;
export const lastChunk = 1;
export const infoExport = 0;
/** Of a block's status in the context `base:allocation`. */
export const statusFlags = { hole: 1, zero: 2 } as const;

/** Thrown when the other end does not speak as agreed, or has gone. */
export class NbdError extends Error {
  override readonly name = "NbdError";
}

export function option(code: number, data: Buffer): Buffer {
  return Buffer.concat([optionMagicBytes, uint32(code), uint32(data.length), data]);
}

/** The name, and which information is asked for: none beyond what every server gives. */
export function exportRequest(exportName: string): Buffer {
  return Buffer.concat([text(exportName), Buffer.alloc(2)]);
}

/** A length and the text. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Reads exactly so many bytes of the stream each time. */
export type ByteReader = (count: number) => Promise<Buffer>;

export function byteReader(socket: Socket): ByteReader {
  const incoming: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
  let held: Buffer[] = [];
  let heldBytes = 0;
  return async (count) => {
    while (heldBytes < count) {
      const next = await incoming.next();
      if (next.done === true) throw new NbdError("the other end of the NBD connection is gone");
      held.push(next.value);
      heldBytes += next.value.length;
    }
    const all = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
    held = all.length === count ? [] : [all.subarray(count)];
    heldBytes -= count;
    return all.subarray(0, count);
  };
}

export interface OptionReply {
  readonly kind: number;
  readonly payload: Buffer;
}

/** The server's next answer to an option. */
export async function readOptionReply(read: ByteReader): Promise<OptionReply> {
  const header = await read(20);
  if (header.readBigUInt64BE(0) !== optionReplyMagic) throw new NbdError("the NBD server answered out of turn");
  return { kind: header.readUInt32BE(12), payload: await read(header.readUInt32BE(16)) };
}
