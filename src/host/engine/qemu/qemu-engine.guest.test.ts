import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectQmp } from "../../qmp/qmp-client.ts";
import { engineContract } from "../engine-contract.ts";
import type { MachinePlan, PlannedDisk, RunningMachine } from "../engine.ts";
import { requireDebianKernel } from "../testing/debian-kernel.ts";
import { prepareRealGuests, type RealGuests } from "../testing/real-guests.ts";
import { countBegun, endVolume, killDiskServer, serveSlowVolume, serveVolume } from "../testing/volume-daemon.ts";
import { qemuArm64Engine, qemuEngine } from "./qemu-engine.ts";

const user = { uid: 599_999_002, gid: 599_999_002 };
const bootLimitMs = 120_000;
const signal = new AbortController().signal;
let guests: RealGuests;
let kernelFile = "";

beforeAll(async () => {
  const kernel = await requireDebianKernel();
  kernelFile = kernel.kernelFile;
  guests = await prepareRealGuests({
    newEngine: () => qemuEngine("tcg", { directory: guests.directory, user }),
    kernelFile,
    commandLine: "console=ttyS0 quiet no_timer_check",
    extraEntries: kernel.moduleEntries,
    memoryMib: 512,
    diskBus: "nvme",
    user,
    bootLimitMs,
  });
});
afterAll(() => guests[Symbol.asyncDispose]());

/** The sizes in bytes of the file for each time that the process has it open, also when it was removed meanwhile. */
function sizesOpen(pid: number, file: string): number[] {
  const open = readdirSync(`/proc/${pid}/fd`).map((descriptor) => `/proc/${pid}/fd/${descriptor}`);
  return open.filter((path) => readlinkSync(path).startsWith(file)).map((path) => statSync(path).size);
}

describe("QEMU with TCG", () => {
  engineContract({
    newEngine: () => guests.newEngine(),
    makePlan: (mode) => guests.makePlan(mode),
    makeDisk: () => guests.makeDisk(),
    makeInterface: () => guests.makeInterface(),
    crash: (pid) => guests.crash(pid),
    listLeftovers: (plan) => guests.listLeftovers(plan),
    bootLimitMs,
  });

  describe("with its disks in slots", () => {
    const console = (plan: MachinePlan) => readFileSync(plan.consoleFile, "latin1");
    let [plan, machine]: [MachinePlan, RunningMachine] = [undefined as never, undefined as never]; // set before each test
    beforeEach(async () => {
      plan = { ...(await guests.makePlan("obey")), diskBus: "slots" };
      machine = await guests.newEngine().start(plan, signal);
      await expect.poll(() => console(plan)).toContain("GUEST ready obey");
    });
    afterEach(async () => {
      await machine.kill();
      expect(await guests.listLeftovers(plan)).toEqual([]);
    });

    it("plugs a disk in, shows at once that it has grown, keeps it over a restart, and takes it away", async () => {
      const disk = await guests.makeDisk();
      await machine.attachDisk(disk);
      await expect.poll(() => console(plan)).toMatch(/ vdb=\S+:32768 /);
      if (disk.source.kind === "file") await truncate(disk.source.path, 24 * 2 ** 20);
      await machine.growDisk(disk.volume, 24 * 2 ** 20);
      await expect.poll(() => console(plan)).toMatch(/ vdb=\S+:49152 /);
      await machine.reboot(bootLimitMs);
      await expect.poll(() => console(plan)).toMatch(/GUEST ready[^]*GUEST ready[^]* vdb=\S+:49152 /);
      await machine.attachDisk(disk);
      await machine.detachDisk(disk.volume);
      await expect.poll(() => console(plan)).toMatch(/GUEST disks vda=\S+ \r?\n$/);
    });

    it("plugs in a volume that another daemon of this machine serves, waits for that one when it is killed, and is left to the next agent", async () => {
      const { source, ...rest } = await guests.makeDisk();
      const file = source.kind === "file" ? source.path : "";
      const socket = join(plan.runDirectory, "volume");
      const disk: PlannedDisk = { ...rest, source: { kind: "nbd", address: "127.0.0.1", port: 1, exportName: `${rest.volume}.token`, socket } };
      let server = await serveVolume(file, socket, user);
      try {
        await machine.attachDisk(disk);
        await expect.poll(() => console(plan)).toMatch(/ vdb=\S+:32768 /);
        await endVolume(server);
        await truncate(file, 24 * 2 ** 20);
        const grow = () => machine.growDisk(disk.volume, 24 * 2 ** 20);
        await expect(grow()).rejects.toThrow("not yet");
        server = await serveVolume(file, socket, user);
        await machine.release();
        machine = (await guests.newEngine().adopt({ ...plan, disks: [...plan.disks, disk] })) ?? machine;
        await expect.poll(() => grow().then(() => "grown", () => "not yet")).toBe("grown");
        await expect.poll(() => console(plan)).toMatch(/ vdb=\S+:49152 /);
        await machine.detachDisk(disk.volume);
        await expect.poll(() => console(plan)).toMatch(/GUEST disks vda=\S+ \r?\n$/);
      } finally {
        await endVolume(server);
      }
    });

    it("lets go of the guest's memory no sooner than the last request to a volume is over", async () => {
      const { source: _file, ...rest } = await guests.makeDisk();
      const socket = join(plan.runDirectory, "volume");
      const disk: PlannedDisk = { ...rest, source: { kind: "nbd", address: "127.0.0.1", port: 1, exportName: `${rest.volume}.token`, socket } };
      const server = await serveSlowVolume(16 * 2 ** 20, socket, user);
      try {
        await machine.attachDisk(disk);
        await machine.release();
        const qmp = await connectQmp({ socket: join(plan.runDirectory, "qmp.sock") });
        await expect.poll(() => countBegun(plan)).toBeGreaterThan(0); // its guest looks for partitions
        await qmp.execute("stop"); // every queue is stopped, as at a restart
        const begun = await countBegun(plan);
        qmp.close();
        machine = (await guests.newEngine().adopt({ ...plan, disks: [...plan.disks, disk] })) ?? machine;
        expect(begun).toBe(0);
        await expect.poll(() => console(plan)).toMatch(/ vdb=\S+:32768 /); // it goes on
        await machine.detachDisk(disk.volume);
        await expect.poll(() => console(plan)).toMatch(/GUEST disks vda=\S+ \r?\n$/);
      } finally {
        await endVolume(server);
      }
    });

    it.each(["qemu-storage-daemon", "disk-relay.pl"])("ends when %s, which serves its disks, is killed, and says why", async (program) => {
      await killDiskServer(plan, program);
      expect(await machine.ended).toEqual({ cause: "engine", reason: "the process that served its disks ended" });
    });
  });

  it("stops writing down what it translates when the agent that asked for it was killed", async () => {
    const plan = await guests.makePlan("obey");
    const machine = await guests.newEngine().start(plan, signal);
    await machine.release();
    const file = join(plan.runDirectory, "translation.log");
    const qmp = await connectQmp({ socket: join(plan.runDirectory, "qmp.sock") });
    for (const line of [`logfile ${file}`, "log nochain,in_asm"]) await qmp.execute("human-monitor-command", { "command-line": line });
    qmp.close();
    await expect.poll(() => sizesOpen(machine.pid, file), { timeout: bootLimitMs }).toEqual([expect.toSatisfy((bytes: number) => bytes > 0)]);
    const adopted = await guests.newEngine().adopt(plan);
    await expect.poll(() => readFileSync(plan.consoleFile, "latin1"), { timeout: bootLimitMs }).toContain("GUEST ready obey"); // much was translated meanwhile
    expect(existsSync(file)).toBe(false);
    await expect.poll(() => sizesOpen(machine.pid, file)).toEqual([]); // QEMU lets go of the file
    await adopted?.kill();
  });

  it("boots the probe's guest with a kernel", async () => {
    const engine = qemuEngine("tcg", { directory: guests.directory, user, kernelFile, timeLimitMs: bootLimitMs });
    expect(await engine.probe(signal)).toEqual({ works: true, engine: "qemu-tcg", bootMs: expect.any(Number) });
  });

  it("ends, before it probes, what an agent left that was killed while it did", async () => {
    const left = join(guests.directory, "qemu-tcg-01234567");
    mkdirSync(left);
    const child = spawn("sh", ["-c", "sleep 1000; :", join(left, "qmp.sock")], user);
    const gone = new Promise((resolve) => child.once("exit", (_code, word) => resolve(word)));
    expect(await qemuEngine("tcg", { directory: guests.directory, user, timeLimitMs: bootLimitMs }).probe(signal)).toMatchObject({ works: true });
    expect([await gone, existsSync(left)]).toEqual(["SIGKILL", false]);
  });

  it("is believed by a boot sector when there is no kernel", async () => {
    const engine = qemuEngine("tcg", { directory: guests.directory, user, timeLimitMs: bootLimitMs });
    expect(await engine.probe(signal)).toEqual({ works: true, engine: "qemu-tcg", bootMs: expect.any(Number) });
  });

  it("is believed by a few instructions of arm64 that it emulates such machines", async () => {
    const engine = qemuArm64Engine({ directory: guests.directory, user, timeLimitMs: bootLimitMs });
    expect(await engine.probe(signal)).toEqual({ works: true, engine: "qemu-arm64", bootMs: expect.any(Number) });
  });
});
