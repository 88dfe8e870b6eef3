import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonLog } from "../../base/log.ts";
import { NvmePool, parseState } from "./storage-pool.ts";
import { madeGib, MadeController } from "./testing/made-controller.ts";

let root: string;
let state: string | undefined;
let said: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hostelry-nvme-"));
  state = undefined;
  said = [];
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const [earlier, later] = [{ id: "i-earlier", memoryMib: 1 }, { id: "i-later", memoryMib: 1 }];

/** As an agent does at its start. */
async function openPool(controller: MadeController): Promise<NvmePool> {
  const log = jsonLog((line) => said.push((JSON.parse(line) as { message: string }).message), () => 0); // our own log wrote it
  const pool = new NvmePool({ devices: ["nvme0"], readState: async () => state, writeState: async (text) => void (state = text), log, surroundings: controller }, parseState(state));
  await pool.open();
  return pool;
}

async function takeOne(pool: NvmePool, machine: typeof earlier, keep = false): Promise<string> {
  const [address] = (await pool.take(machine, [madeGib], keep)) ?? [];
  if (address === undefined) throw new Error(`no function: ${said.at(-1)}`);
  return address;
}

/** Whether the work was done before its agent was dead. */
async function untilDead(controller: MadeController, work: Promise<unknown>): Promise<boolean> {
  let isDone = false;
  void work.then(() => (isDone = true));
  await expect.poll(() => isDone || controller.isDead, { interval: 1 }).toBe(true);
  controller.revive();
  return isDone;
}

describe("A local disk that is a virtual function", () => {
  test("is empty at first, kept where it is to be, and empty for the next guest", async () => {
    const controller = new MadeController(root);
    const pool = await openPool(controller);
    expect(pool.cards).toEqual([{ device: "nvme0", functions: 2, disksGib: [madeGib, madeGib] }]);
    const address = await takeOne(pool, earlier);
    expect(controller.read(address)).toBe("");
    controller.write(address, "secret");
    expect([await takeOne(pool, earlier, true), controller.read(address)]).toEqual([address, "secret"]);
    expect(await pool.take(later, [madeGib, madeGib], false)).toBeUndefined();
    await pool.release(earlier.id);
    expect([controller.read(address), await takeOne(pool, later), controller.read(address)]).toEqual([undefined, address, ""]);
  });

  test("is recovered whenever the agent was killed while it took it back, and no later guest reads it", async () => {
    for (let commands = 0, isDone = false; !isDone; commands++) {
      [root, state] = [join(root, "again"), undefined];
      const controller = new MadeController(root);
      const killed = await openPool(controller);
      controller.write(await takeOne(killed, earlier), "secret");
      controller.commandsLeft = commands;
      isDone = await untilDead(controller, killed.release(earlier.id));
      const pool = await openPool(controller);
      await pool.release(earlier.id);
      const addresses = (await pool.take(later, [madeGib, madeGib], false)) ?? [];
      expect(addresses.map((address) => controller.read(address)), `killed after ${commands} commands`).toEqual(["", ""]);
    }
  });

  test("is made ready anew whenever the agent was killed while it made it ready", async () => {
    for (let commands = 0, isDone = false; !isDone; commands++) {
      [root, state] = [join(root, "again"), undefined];
      const controller = new MadeController(root);
      const killed = await openPool(controller);
      controller.commandsLeft = commands;
      isDone = await untilDead(controller, killed.take(earlier, [madeGib], false));
      const pool = await openPool(controller);
      expect(controller.read(await takeOne(pool, earlier)), `killed after ${commands} commands`).toBe("");
      expect(controller.read(await takeOne(pool, later))).toBe("");
    }
  });

  test("is none, but a file, when the controller does not erase what it says that it has erased", async () => {
    const controller = new MadeController(root);
    const pool = await openPool(controller);
    controller.write(await takeOne(pool, earlier), "secret");
    controller.lies = true;
    await pool.release(earlier.id);
    expect(await pool.take(later, [madeGib], false)).toBeUndefined();
    expect(said).toEqual(expect.arrayContaining(["a local disk could not be erased after use", "an NVMe controller did not do as told: a guest's local disks are files"]));
    controller.lies = false;
    expect(controller.read(await takeOne(pool, later))).toBe("");
  });

  test("works again after a reset of the controller, which the log tells of", async () => {
    const controller = new MadeController(root);
    const pool = await openPool(controller);
    const address = await takeOne(pool, earlier);
    controller.write(address, "kept");
    controller.online.clear();
    expect(controller.read(address)).toBeUndefined();
    await pool.mend();
    expect([controller.read(address), said.at(-1)]).toEqual(["kept", "an NVMe controller was reset: a guest has lost its local disk until its next start"]);
    const before = said.length;
    await pool.mend();
    expect(said.length).toBe(before);
  });

  test("is lost with its controller: the guest's next run has a file, and a run that was to keep it fails with the reason", async () => {
    const controller = new MadeController(root);
    const pool = await openPool(controller);
    await takeOne(pool, earlier);
    controller.unplug();
    await pool.mend();
    expect(said.at(-1)).toBe("a guest's local disk is away");
    await expect(pool.take(earlier, [madeGib], true)).rejects.toThrow("The NVMe controller with the instance's local disk is gone.");
    expect(await pool.take(earlier, [madeGib], false)).toBeUndefined();
    expect(parseState(state).size).toBe(0);
  });

  test("is never of a controller that has disks of the host's own", async () => {
    const controller = new MadeController(root);
    await controller.controllerOf().attach(2, 0);
    const pool = await openPool(controller);
    expect(pool.cards).toEqual([{ device: "nvme0", functions: 0, disksGib: [], reason: "the host itself uses its namespace 2: a controller for guests' disks has nothing of the host's" }]);
    expect(await pool.take(earlier, [madeGib], false)).toBeUndefined();
  });
});
