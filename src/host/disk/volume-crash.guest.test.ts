/**
 * The agent is killed before one effect after the other while a snapshot is taken, stored, and its layer merged; the next agent finishes it. Each time
 * the snapshot has everything that was flushed before it was asked for, and the volume has it too.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SnapshotId, VolumeId } from "../../base/ids.ts";
import { volumeOf } from "../agent/testing/specifications.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { contentOf, io, StorageNode } from "./testing/storage-node.ts";

const id: VolumeId = "vol-0fffffffffffffff1";
const port = 23868;
const page = 4096;

let node: StorageNode;

beforeEach(async () => {
  node = await StorageNode.make();
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

/** Returns what ended it: the exit code, or null for a kill. */
function runAgent(effect: number, specification: VolumeSpecification): Promise<number | null> {
  const program = join(import.meta.dirname, "testing", "killed-agent.ts");
  const child = spawn(process.execPath, [program, node.directory, String(effect), JSON.stringify(specification)], { stdio: "ignore" });
  return new Promise((resolve) => child.once("exit", resolve));
}

it("a snapshot survives the death of the agent before any of its effects", { timeout: 200_000 }, async () => {
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
