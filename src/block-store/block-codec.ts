/**
 * A block as its file holds it: one byte that says how, then the content, compressed when that saves something.
 *
 * Sealed, for an encrypted snapshot: a nonce (12 bytes), all of the above encrypted with AES-256-GCM, and the tag (16 bytes). The block's name is
 * authenticated with it, so that files cannot change places.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { constants, zstdCompress, zstdCompressSync, zstdDecompress } from "node:zlib";
import { blockSize, digestOf, type Digest } from "./block.ts";
import { CorruptBlockError } from "./block-errors.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const plain = 0;
const zstd = 1;
/** The fastest ordinary level: a snapshot should not be slower than the disk that it is of. Output in one piece takes half the time of output in small ones. */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: blockSize };
const nonceBytes = 12;
const tagBytes = 16;
const sampleBytes = 4096;
const samples = 4;
/** With its ordinary window, and a place for a whole block, each try would take 2 MiB of memory. */
const sampleOptions = { params: { ...options.params, [constants.ZSTD_c_windowLog]: 14 }, chunkSize: 2 * samples * sampleBytes };
/** Above this share of its size compressing a block is not worth reading it with more work. */
const worthwhile = 0.95;

/** The file's content, in parts that follow each other. */
export async function encodeBlock(digest: Digest, data: Uint8Array, key?: Uint8Array): Promise<readonly Uint8Array[]> {
  const packed = await pack(data);
  return key === undefined ? packed : seal(digest, packed, key);
}

/** The content, which is what the name says; else a `CorruptBlockError`. */
export async function decodeBlock(digest: Digest, file: Buffer, key?: Uint8Array): Promise<Buffer> {
  let data: Buffer;
  try {
    data = await unpack(key === undefined ? file : open(digest, file, key));
  } catch (cause) {
    throw new CorruptBlockError(digest, { cause });
  }
  if (digestOf(data) !== digest) throw new CorruptBlockError(digest);
  return data;
}

async function pack(data: Uint8Array): Promise<readonly Uint8Array[]> {
  const packed = isCompressible(data) ? await compress(data, options) : undefined;
  if (packed === undefined || packed.length > data.length * worthwhile) return [Buffer.of(plain), data];
  return [Buffer.of(zstd), packed];
}

/** Tries a few pages of it: content that is encrypted or compressed already is found out a hundred times faster than by compressing it. */
function isCompressible(data: Uint8Array): boolean {
  const pages = Array.from({ length: samples }, (_, index) => {
    const start = Math.floor((index * data.length) / samples);
    return data.subarray(start, start + sampleBytes);
  });
  return zstdCompressSync(Buffer.concat(pages), sampleOptions).length < samples * sampleBytes * worthwhile;
}

async function unpack(file: Buffer): Promise<Buffer> {
  const content = file.subarray(1);
  if (file[0] === plain) return content;
  if (file[0] === zstd) return decompress(content, { maxOutputLength: blockSize, chunkSize: blockSize });
  throw new Error("the file does not begin as a block does");
}

function seal(digest: Digest, packed: readonly Uint8Array[], key: Uint8Array): readonly Uint8Array[] {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(digest, "hex"));
  return [nonce, ...packed.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()];
}

function open(digest: Digest, file: Buffer, key: Uint8Array): Buffer {
  const nonce = file.subarray(0, nonceBytes);
  const tag = file.subarray(file.length - tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(digest, "hex")).setAuthTag(tag);
  return Buffer.concat([decipher.update(file.subarray(nonceBytes, file.length - tagBytes)), decipher.final()]);
}
