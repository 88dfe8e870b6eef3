/** Snapshots written and read block by block, as clients of the EBS direct API do it. */
import { createHash } from "node:crypto";
import type { EBS } from "@aws-sdk/client-ebs";
import { expect } from "vitest";
import { blockSize } from "../../src/block-store/block-store.ts";

export const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("base64");
export const blockOf = (text: string) => Buffer.alloc(blockSize, text);
export const sumsOf = (blocks: Readonly<Record<number, Buffer>>) => Object.fromEntries(Object.entries(blocks).map(([index, data]) => [index, sha256(data)]));
export const zeroes = Buffer.alloc(blockSize);

export async function start(ebs: EBS, input: Partial<Parameters<EBS["startSnapshot"]>[0]> = {}): Promise<string> {
  const { SnapshotId: id = "" } = await ebs.startSnapshot({ VolumeSize: 1, ...input });
  return id;
}

export function put(ebs: EBS, SnapshotId: string, BlockIndex: number, data: Buffer, more: object = {}) {
  const block = { SnapshotId, BlockIndex, BlockData: data, DataLength: data.length, Checksum: sha256(data), ChecksumAlgorithm: "SHA256" as const };
  return ebs.putSnapshotBlock({ ...block, ...more });
}

/** A completed snapshot of 1 GiB with these blocks. */
export async function upload(ebs: EBS, blocks: Readonly<Record<number, Buffer>>, input: Partial<Parameters<EBS["startSnapshot"]>[0]> = {}): Promise<string> {
  const id = await start(ebs, input);
  for (const [index, data] of Object.entries(blocks)) await put(ebs, id, Number(index), data);
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: Object.keys(blocks).length });
  return id;
}

/** The checksums of a snapshot's blocks by index, of what was really read. */
export async function download(ebs: EBS, SnapshotId: string): Promise<Record<number, string>> {
  const found: Record<number, string> = {};
  const { Blocks: blocks = [] } = await ebs.listSnapshotBlocks({ SnapshotId });
  for (const { BlockIndex = -1, BlockToken = "" } of blocks) {
    const answer = await ebs.getSnapshotBlock({ SnapshotId, BlockIndex, BlockToken });
    const data = Buffer.from((await answer.BlockData?.transformToByteArray()) ?? []);
    expect([answer.DataLength, answer.Checksum, answer.ChecksumAlgorithm]).toEqual([blockSize, sha256(data), "SHA256"]);
    found[BlockIndex] = sha256(data);
  }
  return found;
}

/** Code, reason and status, as the SDK's own error has them. */
export async function refused(call: Promise<unknown>): Promise<readonly unknown[]> {
  const error = await call.then(
    () => ({ name: "not refused" }),
    (thrown: { name: string; Reason?: string; $metadata?: { httpStatusCode?: number } }) => thrown,
  );
  return [error.name, "Reason" in error ? error.Reason : undefined, "$metadata" in error ? error.$metadata?.httpStatusCode : undefined];
}

export const invalid = (reason: string) => ["ValidationException", reason, 400];
