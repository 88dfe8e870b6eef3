/** Snapshots of real volumes, under load and through deaths, and volumes from them. */
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blockSize } from "../../block-store/block-store.ts";
import type { SnapshotId, VolumeId } from "../../base/ids.ts";
import { volumeOf } from "../agent/testing/specifications.ts";
import type { SnapshotOrder, VolumeSpecification } from "../protocol/specification.ts";
import { readPlainly } from "./testing/plain-read.ts";
import { contentOf, io, StorageNode, Writer } from "./testing/storage-node.ts";
import type { VolumeFacts } from "./volumes.ts";

const id: VolumeId = "vol-0ddddddddddddddd1";
const other: VolumeId = "vol-0ddddddddddddddd2";
const [port, otherPort] = [23861, 23862];
const region = "us-east-1";
const first: SnapshotOrder = { id: "snap-0ddddddddddddddd1", region };
const second: SnapshotOrder = { id: "snap-0ddddddddddddddd2", region };
const third: SnapshotOrder = { id: "snap-0ddddddddddddddd3", region };
const page = 4096;

let node: StorageNode;

const volume = (change: Partial<VolumeSpecification> = {}) => volumeOf({ id, port, exportNames: ["a"], ...change });
const isStored = ({ snapshots }: VolumeFacts) => snapshots.every(({ state }) => state === "completed");
const hasNothingLeft = async () => (await readdir(join(node.directory, "volumes"))).filter((name) => name.startsWith(id) && name.endsWith(".qcow2")).length <= 2;

beforeEach(async () => {
  node = await StorageNode.make();
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

/** Writes pages in order, each with a byte that says which it is. */
function stamps(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => `write -P ${((from + index) % 250) + 1} ${(from + index) * page} ${page}`);
}

/** How many pages are there before the first that is not; everything after that must be empty. */
function prefixOf(content: Buffer): number {
  const pages = content.length / page;
  let count = 0;
  while (count < pages && content[count * page] === (count % 250) + 1) count++;
  expect(content.subarray(count * page).every((byte) => byte === 0)).toBe(true);
  return count;
}

describe("a snapshot", () => {
  it("has exactly what was written before its moment, while the volume is written to and its layers are merged", async () => {
    await node.ensure(volume());
    const writer = new Writer(port, "a");
    const total = 12_000;
    writer.finish(...stamps(0, total));
    const bounds: { readonly order: SnapshotOrder; readonly least: number; readonly most: number }[] = [];
    for (const order of [first, second, third]) {
      const before = writer.written;
      await expect.poll(() => writer.written, { interval: 5 }).toBeGreaterThan(before + 500);
      const least = writer.written;
      const facts = await node.volumes.ensure(volume({ snapshots: [order] }));
      bounds.push({ order, least, most: writer.written + 1 });
      expect(facts.snapshots).toMatchObject([{ id: order.id, state: "frozen" }]);
      await node.until(volume({ snapshots: [order] }), isStored);
    }
    await writer.ended;
    await node.until(volume(), () => true);
    await expect.poll(async () => node.volumes.ensure(volume()).then(hasNothingLeft)).toBe(true);
    for (const { order, least, most } of bounds) {
      const count = prefixOf(await contentOf(node.store, order.id, 0, total * page));
      expect(count).toBeGreaterThanOrEqual(least);
      expect(count).toBeLessThanOrEqual(most + 200); // what was answered and not yet read from the writer's pipe
    }
    await node.volumes.ensure(volume({ snapshots: [{ ...first, id: "snap-0ddddddddddddddd9" }] }));
    await node.until(volume({ snapshots: [{ ...first, id: "snap-0ddddddddddddddd9" }] }), isStored);
    expect(prefixOf(await contentOf(node.store, "snap-0ddddddddddddddd9", 0, total * page))).toBe(total);
  });

  it("stores only the blocks that changed since the last one", async () => {
    await node.ensure(volume());
    await io(port, "a", ...Array.from({ length: 8 }, (_, index) => `write -P ${index + 1} ${index * blockSize} ${blockSize}`), "flush");
    expect((await node.until(volume({ snapshots: [first] }), isStored)).snapshots).toMatchObject([{ blocks: { total: 8, moved: 8 } }]);
    await io(port, "a", `write -P 99 ${3 * blockSize} 64k`, `write -z ${5 * blockSize} ${blockSize}`, "flush");
    expect((await node.until(volume({ snapshots: [second] }), isStored)).snapshots).toMatchObject([{ blocks: { total: 7, moved: 1 } }]);
    const content = await contentOf(node.store, second.id, 0, 8 * blockSize);
    expect(Array.from({ length: 8 }, (_, index) => content[index * blockSize])).toEqual([1, 2, 3, 99, 5, 0, 7, 8]);
  });

  it("is taken of a volume that is exported to nobody, and leaves no daemon behind", async () => {
    await node.ensure(volume());
    await io(port, "a", "write -P 7 0 64k", "flush");
    const detached = volume({ exportNames: [], snapshots: [first] });
    await node.until(detached, isStored);
    await expect.poll(async () => node.volumes.ensure(detached).then(() => node.daemonsOf(id))).toEqual([]);
    expect((await contentOf(node.store, first.id, 0, page))[0]).toBe(7);
  });

  it("has an image's content too when the volume stands on one", async () => {
    await writeFile(join(node.directory, "images", "base.raw"), Buffer.alloc(2 * blockSize, 0x31));
    const source = { kind: "file", file: "base.raw" } as const;
    await node.ensure(volume({ source }));
    await io(port, "a", `write -P 0x32 ${3 * blockSize} 64k`, "flush");
    const { snapshots } = await node.until(volume({ source, snapshots: [first] }), isStored);
    expect(snapshots).toMatchObject([{ blocks: { total: 3 } }]);
    expect((await contentOf(node.store, first.id, 0, blockSize)).every((byte) => byte === 0x31)).toBe(true);
  });

  it("is called off when it is no longer asked for, and nothing of it stays", async () => {
    await node.ensure(volume());
    await io(port, "a", "write -P 7 0 64M", "flush");
    await node.volumes.ensure(volume({ snapshots: [first] }));
    await node.volumes.ensure(volume());
    expect(await node.store.openManifest(first.id)).toBeUndefined();
    expect(await node.store.listJournals()).toEqual([]);
  });

  it("is of one moment with those of its group, once all of its volumes are known", async () => {
    const together = [id, other];
    const mine = volume({ snapshots: [{ ...first, together }] });
    const others = volumeOf({ id: other, port: otherPort, exportNames: ["b"], snapshots: [{ ...second, together }] });
    await node.ensure(volume());
    await node.ensure({ ...others, snapshots: [] });
    const writers = [new Writer(port, "a"), new Writer(otherPort, "b")];
    try {
      for (const writer of writers) writer.write("write -P 1 0 4k");
      await expect.poll(() => writers.map(({ written }) => written)).toEqual([1, 1]);
      expect((await node.ensure(mine)).snapshots).toEqual([]);
      expect((await node.ensure(others)).snapshots).toMatchObject([{ id: second.id, state: "frozen" }]);
      for (const writer of writers) writer.write("write -P 2 0 4k");
      await expect.poll(() => writers.map(({ written }) => written)).toEqual([2, 2]);
      for (const one of [mine, others]) await node.until(one, isStored);
      expect([(await contentOf(node.store, first.id, 0, 1))[0], (await contentOf(node.store, second.id, 0, 1))[0]]).toEqual([1, 1]);
    } finally {
      for (const writer of writers) writer.kill();
    }
  });

  it("is completed after its storage daemon was killed again and again", async () => {
    await node.ensure(volume());
    await io(port, "a", ...stamps(0, 4_000), "flush");
    await node.volumes.ensure(volume({ snapshots: [first] }));
    for (let round = 0; round < 6; round++) {
      await new Promise((resolve) => setTimeout(resolve, 15 * round)); // somewhere in the middle of the work
      await node.killDaemon(id);
      if (round % 2 === 1) node.restart();
      await expect.poll(async () => node.volumes.ensure(volume({ snapshots: [first] })).then(() => true, () => false)).toBe(true);
    }
    await node.until(volume({ snapshots: [first] }), isStored);
    expect(prefixOf(await contentOf(node.store, first.id, 0, 4_000 * page))).toBe(4_000);
  });
});

describe("a volume from a snapshot", () => {
  const source = { kind: "snapshot", id: first.id, region } as const;
  const copy = (change: Partial<VolumeSpecification> = {}) => volumeOf({ id: other, port: otherPort, exportNames: ["b"], sizeGib: 2, source, ...change });

  beforeEach(async () => {
    await node.ensure(volume());
    await io(port, "a", `write -P 0x41 0 ${blockSize}`, `write -P 0x42 ${100 * blockSize} ${blockSize}`, "flush");
    await node.until(volume({ snapshots: [first] }), isStored);
  });

  /** Of the first snapshot; the block's file, and what it should hold. */
  async function damage(index: number): Promise<{ readonly file: string; readonly good: Buffer }> {
    const file = node.store.pathOf((await node.store.openManifest(first.id))?.find(index) ?? "");
    const good = await readFile(file);
    await writeFile(`${file}.bad`, Buffer.alloc(good.length, 1));
    await rename(`${file}.bad`, file);
    return { file, good };
  }

  it.each(["plain", "encrypted"] as const)("can be used at once, and is whole and by itself in the end, %s", async (kind) => {
    const made = copy(kind === "plain" ? {} : { encryptionKey: Buffer.alloc(32, 7).toString("base64") });
    const startedAt = performance.now();
    expect((await node.ensure(made)).condition).toEqual({ sizeGib: 2, initializedPercent: 0 });
    process.stdout.write(`a volume from a snapshot was usable after ${Math.round(performance.now() - startedAt)} ms\n`);
    expect(await io(otherPort, "b", "read -P 0x41 0 512k", `read -P 0x42 ${100 * blockSize} 512k`, "read -P 0 1500M 1M", "write -P 0x43 1M 64k")).not.toContain("failed");
    const { condition } = await node.until(made, ({ condition: { initializedPercent } }) => initializedPercent === undefined);
    expect(condition).toEqual({ sizeGib: 2 });
    await node.store.removeSnapshot(first.id);
    await node.store.sweep(Date.now() + 365 * 24 * 3600_000);
    node.restart();
    await node.ensure(made);
    expect(await io(otherPort, "b", "read -P 0x41 0 512k", `read -P 0x42 ${100 * blockSize} 512k`, "read -P 0x43 1M 64k")).not.toContain("failed");
  });

  it("is whole as soon as the rate lets it be that was asked for", async () => {
    const mib = 48;
    await io(port, "a", `write -P 0x44 ${200 * blockSize} ${mib}M`, "flush");
    await node.until(volume({ snapshots: [second] }), isStored);
    const secondsAt = async (mibPerSecond: number, copied: VolumeId): Promise<number> => {
      const asked = copy({ id: copied, port: otherPort + mibPerSecond, source: { ...source, id: second.id }, initializeBytesPerSecond: mibPerSecond * 2 ** 20 });
      const begin = performance.now();
      await node.ensure(asked);
      await node.until(asked, ({ condition: { initializedPercent } }) => initializedPercent === undefined);
      return (performance.now() - begin) / 1000;
    };
    const [slow, fast] = [await secondsAt(8, "vol-0ddddddddddddddd3"), await secondsAt(256, "vol-0ddddddddddddddd4")];
    process.stdout.write(`${mib} MiB were initialized in ${slow.toFixed(1)} s at 8 MiB/s, and in ${fast.toFixed(1)} s at 256 MiB/s\n`);
    expect(slow).toBeGreaterThan((mib / 8) * 0.8);
    expect(fast).toBeLessThan(slow / 2);
  });

  it("gives its snapshots the source's blocks without moving them", async () => {
    await node.ensure(copy());
    await io(otherPort, "b", "write -P 0x43 1M 64k", "flush");
    const { snapshots } = await node.until(copy({ snapshots: [second] }), isStored);
    expect(snapshots).toMatchObject([{ blocks: { total: 3, moved: 1 } }]);
  });

  it("never answers for a damaged block while the others are brought in, and has them all the same", async () => {
    await damage(100);
    await io(port, "a", `write -P 0x44 ${10 * blockSize} 8M`, `write -P 0x45 ${200 * blockSize} ${blockSize}`, "flush");
    await node.until(volume({ snapshots: [second] }), isStored);
    const slowly = copy({ source: { ...source, id: second.id }, initializeBytesPerSecond: 64 * 2 ** 10 });
    await node.ensure(slowly);
    const storedBytes = async () => (await node.volumes.describe(other))?.layers[0]?.storedBytes ?? 0;
    await expect.poll(storedBytes).toBeGreaterThan(blockSize); // it has begun, and takes minutes
    for (let read = 0; read < 20; read++) await expect(readPlainly(otherPort, "b", 100 * blockSize, 64 * 1024)).rejects.toThrow("error 5");
    node.restart(); // the next agent takes the new rate, and goes on where this one was
    await node.ensure({ ...slowly, initializeBytesPerSecond: 256 * 2 ** 20 });
    await expect.poll(storedBytes, { timeout: 20_000 }).toBeGreaterThan(9 * 2 ** 20); // not at the old rate: blocks 0 and 10 to 25, and 200, which comes after the damaged one
    expect(await readPlainly(otherPort, "b", 200 * blockSize, page)).toEqual(Buffer.alloc(page, 0x45));
    await expect(readPlainly(otherPort, "b", 100 * blockSize, 64 * 1024)).rejects.toThrow("error 5");
  });

  it("fails only reads of a damaged block, says which it is, and is well when the block is", async () => {
    const { file, good } = await damage(100);
    await node.ensure(copy());
    await expect(io(otherPort, "b", `read ${100 * blockSize} 4k`).then((said) => said)).rejects.toThrow();
    expect(await io(otherPort, "b", "read -P 0x41 0 512k")).not.toContain("failed");
    const reader = new Writer(otherPort, "b"); // as a guest's engine: what ends its connection it would ask for again, and wait
    reader.finish(`read ${100 * blockSize} 4k`);
    expect([await reader.ended, reader.said]).toEqual([expect.anything(), expect.stringContaining("Input/output error")]);
    const { condition } = await node.until(copy(), ({ condition: { impairment } }) => impairment !== undefined);
    expect(condition.impairment).toEqual({ kind: "corrupt-block", detail: `Block 100 of ${first.id} cannot be read from the snapshot store.` });
    await writeFile(file, good);
    expect((await node.until(copy(), ({ condition: { initializedPercent } }) => initializedPercent === undefined)).condition).toEqual({ sizeGib: 2 });
  });

  it("is refused when it is smaller, or when there is no such snapshot", async () => {
    const absent: SnapshotId = "snap-0ddddddddddddddde";
    await expect(node.volumes.ensureData(copy({ source: { ...source, id: absent } }))).rejects.toThrow("not in the snapshot store");
  });
});
