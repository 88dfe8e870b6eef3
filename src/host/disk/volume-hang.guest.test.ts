import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { VolumeId } from "../../base/ids.ts";
import { jsonLog } from "../../base/log.ts";
import { volumeOf } from "../agent/testing/specifications.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { sendSignal } from "../send-signal.ts";
import { io, StorageNode, Writer } from "./testing/storage-node.ts";

const id: VolumeId = "vol-0aaaaaaaaaaaaaaa6";
const port = 23876;
const specificationOf = (change: Partial<VolumeSpecification>) => volumeOf({ id, port, ...change });
const givenUp = "A volume's storage daemon does not go on; it is ended and started anew";

let node: StorageNode;
let writers: Writer[];
let said: { readonly message: string; readonly awaited?: string }[];

beforeEach(async () => {
  writers = [];
  said = [];
  const log = jsonLog((line) => void said.push(JSON.parse(line)), Date.now);
  node = await StorageNode.make({ log, patience: { answerMs: 2_000, openMs: 60_000, idleMs: 100 } });
});

afterEach(async () => {
  for (const writer of writers) writer.kill();
  await node[Symbol.asyncDispose]();
});

/** A client that has been answered, and stays. */
async function beginWriting(exportName: string): Promise<Writer> {
  const writer = new Writer(port, exportName);
  writers.push(writer);
  for (const command of ["write -P 0x44 0 64k", "read 0 512"]) writer.write(command); // qemu-io comes to a line when the next one is there
  await expect.poll(() => writer.written).toBe(1);
  return writer;
}

/** As an agent does: again when it fails. */
async function served(specification: VolumeSpecification): Promise<void> {
  await expect.poll(() => node.volumes.ensure(specification).then(() => "served", String)).toBe("served");
}

const pids = async () => (await node.daemonsOf(id)).map(({ pid }) => pid);
const awaitedOf = () => said.filter(({ message }) => message === givenUp).map(({ awaited }) => awaited);

describe("a volume whose storage daemon does not go on", () => {
  it("is served by another one after it was asked for something, and its client goes on without a loss", async () => {
    await node.ensure(specificationOf({ exportNames: ["a"] }));
    const writer = await beginWriting("a");
    const [stopped = 0] = await pids();
    sendSignal(stopped, "SIGSTOP");
    await expect(node.volumes.ensure(specificationOf({ exportNames: ["a"], sizeGib: 2 }))).rejects.toThrow("the storage daemon is given up");
    await served(specificationOf({ exportNames: ["a"], sizeGib: 2 }));
    writer.finish("write -P 0x55 64k 64k", "flush");
    expect(await writer.ended).toBe(0);
    expect(await io(port, "a", "read -P 0x44 0 64k", "read -P 0x55 64k 64k", "read -P 0 1536M 64k")).not.toContain("failed");
    expect(await pids()).not.toContain(stopped);
    expect(awaitedOf()).toHaveLength(1);
  });

  it("is served by another one where only its clients wait", async () => {
    await node.ensure(specificationOf({ exportNames: ["a"] }));
    const [stopped = 0] = await pids();
    sendSignal(stopped, "SIGSTOP");
    await expect.poll(pids).toEqual([]);
    await served(specificationOf({ exportNames: ["a"] }));
    expect(await io(port, "a", "write 0 64k")).not.toContain("failed");
    expect(awaitedOf()).toEqual(["an answer to query-jobs"]);
  });
});
