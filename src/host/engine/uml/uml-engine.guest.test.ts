import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { readdir, readFile, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { engineContract } from "../engine-contract.ts";
import { identifyProcess } from "../engine-process.ts";
import { sweepTraces, traces } from "../event-counter.ts";
import type { MachinePlan, RunningMachine } from "../engine.ts";
import type { InitramfsEntry } from "../initramfs.ts";
import { prepareRealGuests, type RealGuests } from "../testing/real-guests.ts";
import { endVolume, killDiskServer, serveVolume } from "../testing/volume-daemon.ts";
import { defaultUmlKernel, umlEngine } from "./uml-engine.ts";

const user = { uid: 599_999_001, gid: 599_999_001 };
const parts = { random: systemRandom, log: silentLog };
let guests: RealGuests;

beforeAll(async () => {
  guests = await prepareRealGuests({
    newEngine: () => umlEngine({ directory: guests.directory, user }, parts),
    kernelFile: defaultUmlKernel,
    commandLine: "quiet root=/dev/ram0",
    extraEntries: await virtioModule(),
    memoryMib: 96,
    diskBus: "virtio",
    user,
    bootLimitMs: 60_000,
  });
});
afterAll(() => guests[Symbol.asyncDispose]());

/** The driver of the guest's disks, from the package that has its kernel. */
async function virtioModule(): Promise<readonly InitramfsEntry[]> {
  const modules = "/usr/lib/uml/modules";
  const [version = ""] = await readdir(modules);
  const content = await readFile(join(modules, version, "kernel/drivers/block/virtio_blk.ko"));
  return [
    { path: "modules", kind: "folder" },
    { path: "modules/virtio_blk.ko", kind: "file", content },
    { path: "modules/order", kind: "file", content: "virtio_blk.ko\n" },
  ];
}

describe("User-mode Linux", () => {
  engineContract({
    newEngine: () => guests.newEngine(),
    makePlan: (mode) => guests.makePlan(mode),
    makeDisk: () => guests.makeDisk(),
    makeInterface: () => guests.makeInterface(),
    crash: (pid) => guests.crash(pid),
    listLeftovers: (plan) => guests.listLeftovers(plan),
    seenAs: ({ device }) => `vd${device.at(-1)}=`,
    bootLimitMs: 60_000,
  });

  describe("with its disks in slots", () => {
    const signal = new AbortController().signal;
    const console = (plan: MachinePlan) => readFile(plan.consoleFile, "latin1");
    let [plan, machine]: [MachinePlan, RunningMachine] = [undefined as never, undefined as never]; // set before each test
    beforeEach(async () => {
      plan = await guests.makePlan("obey");
      machine = await guests.newEngine().start(plan, signal);
    });
    afterEach(async () => {
      await machine.kill();
      expect(await guests.listLeftovers(plan)).toEqual([]);
    });

    it("shows the guest at once that a disk has grown", async () => {
      const disk = await guests.makeDisk();
      await machine.attachDisk(disk);
      await expect.poll(() => console(plan)).toMatch(/ vdf=\S+:32768 /);
      if (disk.source.kind === "file") await truncate(disk.source.path, 24 * 2 ** 20);
      await machine.growDisk(disk.volume, 24 * 2 ** 20);
      await expect.poll(() => console(plan)).toMatch(/ vdf=\S+:49152 /);
      await machine.detachDisk(disk.volume);
      expect(await readFile(join(plan.runDirectory, "slots.json"), "utf8")).toBe(JSON.stringify({ 0: `${plan.disks[0]?.volume}.1` }));
    });

    it("plugs in a volume that another daemon of this machine serves, waits for that one when it is killed, and shows what has grown", async () => {
      const { source, ...disk } = await guests.makeDisk();
      const file = source.kind === "file" ? source.path : "";
      const socket = join(plan.runDirectory, "volume");
      let server = await serveVolume(file, socket, user);
      await machine.attachDisk({ ...disk, source: { kind: "nbd", address: "127.0.0.1", port: 1, exportName: `${disk.volume}.token`, socket } });
      await expect.poll(() => console(plan)).toMatch(/ vdf=\S+:32768 /);
      await endVolume(server);
      await truncate(file, 24 * 2 ** 20);
      const grow = () => machine.growDisk(disk.volume, 24 * 2 ** 20);
      await expect(grow()).rejects.toThrow("not yet");
      server = await serveVolume(file, socket, user);
      await expect.poll(() => grow().then(() => "grown", () => "not yet")).toBe("grown");
      await expect.poll(() => console(plan)).toMatch(/ vdf=\S+:49152 /);
      await machine.detachDisk(disk.volume);
      await expect.poll(() => console(plan)).toMatch(/GUEST disks vda=\S+ \r?\n$/);
      await endVolume(server);
    });

    it("puts a disk's slot out of use when its storage does not answer at the end, and holds up no other disk", async () => {
      const [disk, other] = [await guests.makeDisk(), await guests.makeDisk()];
      await machine.attachDisk(disk);
      if (disk.source.kind === "file") await rename(disk.source.path, `${disk.source.path}.away`);
      await machine.detachDisk(disk.volume);
      await machine.attachDisk(other);
      await expect.poll(() => console(plan)).toMatch(/GUEST disks vda=\S+ vdb=\S+ \r?\n$/);
    });

    it.each([
      ["storage daemon", "qemu-storage-daemon"],
      ["relay", "disk-relay.pl"],
    ])("ends when the disks' %s is killed, and says why", async (_which, word) => {
      await killDiskServer(plan, word);
      expect(await machine.ended).toEqual({ cause: "engine", reason: "the process that served its disks ended" });
    });
  });

  it.skipIf(!existsSync(traces))("counts nothing for agents that were killed while they looked (needs tracefs)", async () => {
    const [left, used] = [join(traces, "hostelry-99999999-1-1"), join(traces, `hostelry-${process.pid}-${identifyProcess(process.pid)?.startTicks}-999`)];
    for (const instance of [left, used]) mkdirSync(instance);
    writeFileSync(join(left, "events/raw_syscalls/sys_enter/enable"), "1");
    try {
      await sweepTraces();
      expect([existsSync(left), existsSync(used)]).toEqual([false, true]);
    } finally {
      rmdirSync(used);
    }
  });

  it("boots the probe's guest", async () => {
    const engine = umlEngine({ directory: guests.directory, user, timeLimitMs: 60_000 }, parts);
    expect(await engine.probe(new AbortController().signal)).toEqual({ works: true, engine: "user-mode-linux", bootMs: expect.any(Number) });
  });
});
