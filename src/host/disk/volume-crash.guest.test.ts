/**
 * The agent is killed before one effect after the other while a snapshot is taken, stored, and its layer merged; the next agent finishes it. Each time
 * the snapshot has everything that was flushed before it was asked for, and the volume has it too. The same for a volume that is made from one, before every third of its effects.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { blockSize } from "../../block-store/block-store.ts";
import type { SnapshotId, VolumeId } from "../../base/ids.ts";
import { volumeOf } from "../agent/testing/specifications.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { contentOf, io, StorageNode } from "./testing/storage-node.ts";
import type { VolumeStack } from "./volume-stack.ts";

const id: VolumeId = "vol-0fffffffffffffff1";
const other: VolumeId = "vol-0fffffffffffffff2";
const [port, otherPort] = [23868, 23869];
const page = 4096;

let node: StorageNode;

beforeEach(async () => {
  node = await StorageNode.make();
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

/** Returns what ended it: the exit code, or null for a kill. */
function runAgent(effect: number, ...specifications: readonly VolumeSpecification[]): Promise<number | null> {
  const program = join(import.meta.dirname, "testing", "killed-agent.ts");
  const child = spawn(process.execPath, [program, node.directory, String(effect), ...specifications.map((one) => JSON.stringify(one))], { stdio: "ignore" });
  return new Promise((resolve) => child.once("exit", resolve));
}

it("a snapshot survives the death of the agent before any of its effects", async () => {
  await node.ensure(volumeOf({ id, port, exportNames: ["a"] }));
  node.volumes.release();
  const expected = Buffer.alloc(2 ** 20);
  let ended: number | null = null;
  let effect = 1;
  for (; ended === null; effect += effect < 40 ? 1 : 3) {
    await io(port, "a", `write -P ${(effect % 250) + 1} ${effect * page} ${page}`, "flush");
    expected.fill((effect % 250) + 1, effect * page, (effect + 1) * page);
    const snapshot: SnapshotId = `snap-${String(effect).padStart(17, "0")}` as const;
    const specification = volumeOf({ id, port, exportNames: ["a"], snapshots: [{ id: snapshot, region: "us-east-1" }] });
    ended = await runAgent(effect, specification);
    if (ended === null) expect(await runAgent(0, specification), `after a death before effect ${effect}`).toBe(0);
    const stored = await contentOf(node.store, snapshot, 0, expected.length);
    expect(stored.equals(expected), `content after a death before effect ${effect}`).toBe(true);
  }
  expect(effect).toBeGreaterThan(30);
  process.stdout.write(`the agent was killed before each of up to ${effect} effects\n`);
});

it("volumes whose snapshots are to be of one moment are given back whenever the agent dies, and of one moment they are", async () => {
  const [mine, others] = [volumeOf({ id, port, exportNames: ["a"] }), volumeOf({ id: other, port: otherPort, exportNames: ["b"] })];
  for (const volume of [mine, others]) await node.ensure(volume);
  node.volumes.release();
  const together = [id, other];
  let [effect, frozen] = [1, 0];
  for (let isOver = false; !isOver; effect += frozen === 0 ? 3 : 1) {
    const number = String(effect).padStart(16, "0");
    const orders = [{ id: `snap-a${number}`, region: "us-east-1", together }, { id: `snap-b${number}`, region: "us-east-1", together }] as const;
    const specifications = [{ ...mine, snapshots: [orders[0]] }, { ...others, snapshots: [orders[1]] }];
    const stamp = (effect % 250) + 1;
    const write = (to: number, name: string) => io(to, name, `write -P ${stamp} 0 ${page}`, "flush").then((said) => !said.includes("failed"), () => false);
    const ended = await runAgent(effect, ...specifications);
    // What is written to the second volume once the first has said that it wrote is in no snapshot without the other.
    const isWritable = (await write(port, "a")) && (await write(otherPort, "b"));
    if (!isWritable) frozen++;
    isOver = ended !== null || (isWritable && (await isTaken(id, orders[0].id)) && (await isTaken(other, orders[1].id)));
    if (ended === null) expect(await runAgent(0, ...specifications), `after a death before effect ${effect}`).toBe(0);
    const [first, second] = await Promise.all(orders.map(async (order) => (await contentOf(node.store, order.id, 0, page))[0] === stamp));
    expect(second === true && first === false, `moments after a death before effect ${effect}`).toBe(false);
    expect([await write(port, "a"), await write(otherPort, "b")], `after a death before effect ${effect}`).toEqual([true, true]);
  }
  expect(frozen).toBeGreaterThan(5);
  process.stdout.write(`the agent was killed before up to ${effect} effects, and left ${frozen} times a volume that nobody could write to\n`);
});

it("a volume from a snapshot has everything itself in the end, whenever the agent dies while that is brought in", async () => {
  const snapshot = { id: "snap-0fffffffffffffff1", region: "us-east-1" } as const;
  const original = volumeOf({ id, port, exportNames: ["a"] });
  await node.ensure(original);
  await io(port, "a", `write -P 0x41 0 ${blockSize}`, `write -P 0x42 ${70 * blockSize} ${blockSize}`, "flush");
  await node.until({ ...original, snapshots: [snapshot] }, ({ snapshots }) => snapshots[0]?.state === "completed");
  node.volumes.release();
  let ended: number | null = null;
  let effect = 1;
  for (; ended === null; effect += 3) {
    const copy = volumeOf({ id: other, port: otherPort, exportNames: ["b"], source: { kind: "snapshot", ...snapshot }, initializeBytesPerSecond: 2 ** 30 });
    ended = await runAgent(effect, copy);
    if (ended === null) expect(await runAgent(0, copy), `after a death before effect ${effect}`).toBe(0);
    // No agent is there: what the volume did not have itself it could not get.
    const said = await io(otherPort, "b", `read -P 0x41 0 ${blockSize}`, `read -P 0x42 ${70 * blockSize} ${blockSize}`, `read -P 0 ${30 * blockSize} 64k`);
    expect(said, `after a death before effect ${effect}`).not.toContain("failed");
    node.restart();
    await node.volumes.remove(other);
    node.volumes.release();
  }
  expect(effect).toBeGreaterThan(30);
  process.stdout.write(`the agent was killed before up to ${effect} effects\n`);
});

/** Whether the volume's record says that the snapshot has its moment and that nothing is held for it. */
async function isTaken(volume: VolumeId, snapshot: SnapshotId): Promise<boolean> {
  const text = await readFile(join(node.directory, "volumes", `${volume}.stack.json`), "utf8");
  const { heldFor, snapshots } = JSON.parse(text) as VolumeStack; // as the agent wrote it
  return heldFor === undefined && snapshots.some(({ id: taken }) => taken === snapshot);
}
