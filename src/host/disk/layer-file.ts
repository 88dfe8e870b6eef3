/**
 * An empty qcow2 file: one layer of a volume. Written here and not by `qemu-img`, because the moment of a snapshot waits for it:
 * starting a process takes longer than everything else, and QEMU's LUKS spends seconds on making a pass phrase expensive to guess, where
 * the key is 32 random bytes.
 *
 *   cluster 0 header │ 1 refcount table │ 2 refcount block │ LUKS header, if encrypted │ L1 table
 *
 * The file names no backing file: whoever opens it says what it stands on.
 */
import { chmod, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { luksHeader } from "./luks-header.ts";
import type { FileOwner } from "./file-owner.ts";

const clusterSize = 65_536;
const l2Entries = clusterSize / 8;
const header = { magic: 0x514649fb, version: 3, length: 104, refcountOrder: 4 };
const encryptionExtension = 0x0537be77;

export interface LayerFile {
  readonly path: string;
  readonly sizeGib: number;
  /** Base64; absent: not encrypted. */
  readonly encryptionKey?: string;
  readonly owner?: FileOwner;
}

/** Whole and durable under its name when it returns; a file of that name is replaced. */
export async function makeLayerFile({ path, sizeGib, encryptionKey, owner }: LayerFile): Promise<void> {
  const unfinished = `${path}.new`;
  await rm(unfinished, { force: true });
  const file = await open(unfinished, "wx", 0o600);
  try {
    const { parts, sizeBytes } = layOut(sizeGib * 2 ** 30, encryptionKey);
    await file.truncate(sizeBytes);
    for (const [cluster, bytes] of parts) await file.write(bytes, 0, bytes.length, cluster * clusterSize);
    if (owner !== undefined) await file.chown(owner.uid, owner.gid);
    await file.datasync();
  } finally {
    await file.close();
  }
  await chmod(unfinished, 0o600);
  await rename(unfinished, path);
  await flushFolder(dirname(path));
}

function layOut(volumeBytes: number, encryptionKey: string | undefined): { parts: readonly (readonly [cluster: number, bytes: Buffer])[]; sizeBytes: number } {
  const luks = encryptionKey === undefined ? undefined : luksHeader(encryptionKey);
  const luksCluster = 3;
  const l1Cluster = luksCluster + (luks === undefined ? 0 : Math.ceil(luks.sizeBytes / clusterSize));
  const l1Entries = Math.max(1, Math.ceil(volumeBytes / (clusterSize * l2Entries)));
  const clusters = l1Cluster + Math.ceil((l1Entries * 8) / clusterSize);
  const refcountTable = Buffer.alloc(8);
  refcountTable.writeBigUInt64BE(BigInt(2 * clusterSize));
  const refcounts = Buffer.alloc(2 * clusters);
  for (let cluster = 0; cluster < clusters; cluster++) refcounts.writeUInt16BE(1, 2 * cluster);
  const extension = luks === undefined ? undefined : { offset: luksCluster * clusterSize, sizeBytes: luks.sizeBytes };
  return {
    parts: [
      [0, headerBytes(volumeBytes, l1Entries, l1Cluster * clusterSize, extension)],
      [1, refcountTable],
      [2, refcounts],
      ...(luks === undefined ? [] : [[luksCluster, luks.bytes] as const]),
    ],
    sizeBytes: clusters * clusterSize,
  };
}

function headerBytes(volumeBytes: number, l1Entries: number, l1Offset: number, luks: { offset: number; sizeBytes: number } | undefined): Buffer {
  const bytes = Buffer.alloc(header.length + 32);
  bytes.writeUInt32BE(header.magic, 0);
  bytes.writeUInt32BE(header.version, 4);
  bytes.writeUInt32BE(Math.log2(clusterSize), 20);
  bytes.writeBigUInt64BE(BigInt(volumeBytes), 24);
  bytes.writeUInt32BE(luks === undefined ? 0 : 2, 32);
  bytes.writeUInt32BE(l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(l1Offset), 40);
  bytes.writeBigUInt64BE(BigInt(clusterSize), 48); // the refcount table
  bytes.writeUInt32BE(1, 56);
  bytes.writeUInt32BE(header.refcountOrder, 96);
  bytes.writeUInt32BE(header.length, 100);
  if (luks === undefined) return bytes;
  bytes.writeUInt32BE(encryptionExtension, header.length);
  bytes.writeUInt32BE(16, header.length + 4);
  bytes.writeBigUInt64BE(BigInt(luks.offset), header.length + 8);
  bytes.writeBigUInt64BE(BigInt(luks.sizeBytes), header.length + 16);
  return bytes;
}

export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
