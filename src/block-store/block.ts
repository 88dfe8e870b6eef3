/** A block: 512 KiB of a volume, named by the SHA-256 of its content. */
import { createHmac, hash } from "node:crypto";

/** Bytes, of every block. */
export const blockSize = 524_288;

export const blocksPerGib = 2 ** 30 / blockSize;

/** 64 lower-case hexadecimal digits: the SHA-256 of a block's content. */
export type Digest = string & { readonly __kind?: "block digest" };

export const digestBytes = 32;

export function digestOf(data: Uint8Array): Digest {
  return hash("sha256", data, "hex");
}

export const zeroBlock: Buffer = Buffer.alloc(blockSize);

export function isZero(data: Uint8Array): boolean {
  return zeroBlock.equals(data);
}

/** Names a key without telling it: 32 lower-case hexadecimal digits. */
export type KeyName = string & { readonly __kind?: "key name" };

export const keyNameBytes = 16;

export function keyNameOf(key: Uint8Array): KeyName {
  return createHmac("sha256", key).update("the name of a snapshot key").digest("hex").slice(0, 2 * keyNameBytes);
}
