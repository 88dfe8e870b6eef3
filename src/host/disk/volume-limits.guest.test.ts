/** What a volume's specification says of its use: limits, several users, encryption, room; and volumes of older installations. */
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SnapshotId, VolumeId } from "../../base/ids.ts";
import { volumeOf } from "../agent/testing/specifications.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { findGuestSocket, volumeSockets } from "./guest-socket.ts";
import { makeLayerFile } from "./layer-file.ts";
import { contentOf, io, StorageNode, Writer } from "./testing/storage-node.ts";

const run = promisify(execFile);
const id: VolumeId = "vol-0eeeeeeeeeeeeeee1";
const port = 23865;
const key = Buffer.alloc(32, 5).toString("base64");

let node: StorageNode;

const volume = (change: Partial<VolumeSpecification> = {}) => volumeOf({ id, port, exportNames: ["a"], ...change });
const files = () => readdir(join(node.directory, "volumes"));

beforeEach(async () => {
  node = await StorageNode.make();
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

describe("a volume's limits", () => {
  const limits = { iops: { base: 20, burst: 1_000, credits: 200 } };

  it("let the credits through at once and then the base rate, and change without a break", async () => {
    await node.ensure(volume({ limits }));
    const writer = new Writer(port, "a");
    try {
      const startedAt = performance.now();
      writer.finish(...Array.from({ length: 1_000 }, (_, index) => `write -P 1 ${index * 4096} 4096`));
      await expect.poll(() => writer.written, { interval: 20 }).toBeGreaterThan(215);
      const seconds = (performance.now() - startedAt) / 1000;
      expect(writer.written).toBeLessThanOrEqual(200 + 20 * seconds + 5);
      const exports = await node.daemonsOf(id);
      await node.volumes.ensure(volume({ limits: {} }));
      await expect.poll(() => writer.written, { timeout: 30_000 }).toBe(1_000); // at the base rate it would be more than 38 seconds
      expect(await node.daemonsOf(id)).toEqual(exports);
    } finally {
      writer.kill();
    }
  });

  it("hold for bytes too, and are not filled up again by a new agent", async () => {
    const bytes = { bytesPerSecond: { base: 2 ** 20, burst: 2 ** 28, credits: 2 ** 24 } };
    await node.ensure(volume({ limits: bytes }));
    await io(port, "a", "write 0 16M");
    node.restart();
    await node.ensure(volume({ limits: bytes }));
    const startedAt = performance.now();
    await io(port, "a", "write 0 1M", "write 1M 1M", "write 2M 1M");
    expect(performance.now() - startedAt).toBeGreaterThan(700);
  });
});

describe("several users of a volume", () => {
  it("see what the others write, and those that are no longer named write no more", async () => {
    await node.ensure(volume({ exportNames: ["a", "b"] }));
    await io(port, "a", "write -P 1 0 64k");
    expect(await io(port, "b", "read -P 1 0 64k", "write -P 2 0 64k")).not.toContain("failed");
    await node.ensure(volume({ exportNames: ["b", "c"] }));
    await expect(io(port, "a", "read 0 64k")).rejects.toThrow();
    expect(await io(port, "c", "read -P 2 0 64k")).not.toContain("failed");
  });
});

describe("guests on a volume's own machine", () => {
  it("find it at a socket each, for as long as they are named", async () => {
    const listSockets = () => readdir(volumeSockets(join(node.directory, "sockets"), id)).catch(() => []);
    await node.ensure(volume({ exportNames: [`${id}.a`, `${id}.b`] }));
    expect((await listSockets()).toSorted()).toEqual(["a", "b"]);
    await node.killDaemon(id);
    await expect.poll(() => node.ensure(volume({ exportNames: [`${id}.b`] })).then(listSockets, String)).toEqual(["b"]);
    expect(await findGuestSocket(volumeSockets(join(node.directory, "sockets"), id), `${id}.b`)).toBeDefined();
    await node.ensure(volume({ exportNames: [] }));
    expect(await listSockets()).toEqual([]);
  });
});

describe("an encrypted volume", () => {
  const snapshot: SnapshotId = "snap-0eeeeeeeeeeeeeee1";

  it("has its content in no file as it is, nor its key in a command line, in any layer and in its snapshot", async () => {
    const encrypted = volume({ encryptionKey: key });
    await node.ensure(encrypted);
    await io(port, "a", "write -P 0x51 0 1M", "flush");
    const ordered = volume({ encryptionKey: key, snapshots: [{ id: snapshot, region: "us-east-1", encryptionKey: key }] });
    await node.volumes.ensure(ordered);
    await io(port, "a", "write -P 0x51 2M 1M", "flush");
    await node.until(ordered, ({ snapshots }) => snapshots[0]?.state === "completed");
    const plain = Buffer.alloc(64, 0x51);
    for (const name of await files()) expect((await readFile(join(node.directory, "volumes", name))).includes(plain)).toBe(false);
    expect((await node.daemonsOf(id)).flatMap(({ args }) => args).join(" ")).not.toContain(key);
    expect((await contentOf(node.store, snapshot, 0, 2 ** 20, Buffer.from(key, "base64"))).every((byte) => byte === 0x51)).toBe(true);
    await node.killDaemon(id);
    await expect.poll(async () => node.volumes.ensure(encrypted).then(() => true, () => false)).toBe(true);
    expect(await io(port, "a", "read -P 0x51 0 1M", "read -P 0x51 2M 1M")).not.toContain("failed");
  });
});

describe("a layer's file", () => {
  it.each([1, 10, 16_384])("is in order by qemu-img's own check, with %d GiB, encrypted and not", async (sizeGib) => {
    const path = join(node.directory, "layer.qcow2");
    await makeLayerFile({ path, sizeGib });
    expect((await run("qemu-img", ["check", path])).stdout).toContain("No errors");
    await makeLayerFile({ path, sizeGib, encryptionKey: key });
    const image = `driver=qcow2,file.filename=${path},encrypt.format=luks,encrypt.key-secret=key`;
    expect((await run("qemu-img", ["check", "--object", `secret,id=key,data=${key}`, "--image-opts", image])).stdout).toContain("No errors");
  });
});

describe("a volume of an installation that knew no layers", () => {
  it("goes on with its file as its lowest layer", async () => {
    await mkdir(join(node.directory, "volumes"), { mode: 0o711 });
    await chmod(join(node.directory, "volumes"), 0o711);
    await node.ensure(volume());
    await io(port, "a", "write -P 9 0 64k", "flush");
    await node.volumes.ensure(volume({ exportNames: [] }));
    node.restart();
    await rename(join(node.directory, "volumes", `${id}.0.qcow2`), join(node.directory, "volumes", `${id}.qcow2`));
    await rm(join(node.directory, "volumes", `${id}.stack.json`));
    expect(await node.volumes.exists(id)).toBe(true);
    await node.volumes.ensure(volume());
    expect(await io(port, "a", "read -P 9 0 64k")).not.toContain("failed");
    expect((await files()).toSorted()).toEqual([`${id}.0.qcow2`, `${id}.stack.json`]);
  });
});

describe("a full file system", () => {
  it("makes users wait and not fail, and lets them go on when there is room", async () => {
    await node[Symbol.asyncDispose]();
    node = await StorageNode.make({ floorBytes: 24 * 2 ** 20, roomIntervalMs: 5 });
    const directory = join(node.directory, "volumes");
    await mkdir(directory);
    await run("mount", ["-t", "tmpfs", "-o", "size=96M,mode=711", "tmpfs", directory]);
    const limits = { bytesPerSecond: { base: 64 * 2 ** 20 } };
    let writer: Writer | undefined;
    try {
      await node.ensure(volume({ limits }));
      writer = new Writer(port, "a");
      writer.finish(...Array.from({ length: 160 }, (_, index) => `write -P ${index + 1} ${index}M 1M`));
      const full = await node.until(volume({ limits }), ({ condition: { impairment } }) => impairment !== undefined);
      expect(full.condition.impairment).toEqual({ kind: "no-space", detail: "The storage node's file system is full." });
      expect(writer?.written).toBeLessThan(96);
      await run("mount", ["-o", "remount,size=400M", directory]);
      await node.until(volume({ limits }), ({ condition: { impairment } }) => impairment === undefined);
      await expect.poll(() => writer?.written).toBe(160);
      expect(writer.said).not.toMatch(/fail|error/i);
      await writer.ended;
    } finally {
      writer?.kill();
      node.volumes.release();
      await node.killDaemon(id);
      await run("umount", ["-l", directory]);
    }
  });
});
