/**
 * What every engine promises, as tests: the simulated one passes them in the unit tier, the real ones with real guests in the guest tier.
 * The guest is the one of `testing/guest-init.ts`; what it sees it says on its serial console.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Engine, MachinePlan, PlannedDisk, PlannedInterface, RunningMachine } from "./engine.ts";
import type { GuestMode } from "./testing/guest-init.ts";

export interface ContractSubject {
  /** A new engine object, as a new agent would make. */
  newEngine(): Engine;
  /** A plan with one disk and one interface, in a fresh run directory. */
  makePlan(mode: GuestMode): Promise<MachinePlan>;
  makeDisk(): Promise<PlannedDisk>;
  /** How the guest's line about its disks names this one; absent: by its serial number, the volume's id without its dash. */
  readonly seenAs?: (disk: PlannedDisk) => string;
  makeInterface(): Promise<PlannedInterface>;
  /** Ends the process without the engine's knowledge, as `kill -9`. */
  crash(pid: number): void;
  /** Processes and sockets of this plan that are still there. */
  listLeftovers(plan: MachinePlan): Promise<readonly string[]>;
  readonly bootLimitMs: number;
}

/** Two seconds, on a machine that does nothing else. */
const soon = 10_000;
const signal = new AbortController().signal;

export function engineContract(subject: ContractSubject): void {
  const seenAs = subject.seenAs ?? (({ volume }: PlannedDisk) => volume.replace("-", ""));
  const started: { plan: MachinePlan; machine: RunningMachine }[] = [];

  async function start(mode: GuestMode): Promise<{ plan: MachinePlan; machine: RunningMachine }> {
    const plan = await subject.makePlan(mode);
    const machine = await subject.newEngine().start(plan, signal);
    started.push({ plan, machine });
    await sees(plan, `GUEST ready ${mode}`);
    return { plan, machine };
  }

  async function adopt(plan: MachinePlan): Promise<RunningMachine> {
    const machine = await subject.newEngine().adopt(plan);
    if (machine === undefined) throw new Error("nothing was adopted");
    started.push({ plan, machine });
    return machine;
  }

  /** Waits until the console's text has `words` so many times. */
  async function sees(plan: MachinePlan, words: string, times = 1): Promise<string> {
    const deadline = performance.now() + subject.bootLimitMs;
    for (;;) {
      const text = await readFile(plan.consoleFile, "latin1").catch(() => "");
      if (text.split(words).length > times) return text;
      if (performance.now() > deadline) throw new Error(`the guest did not say "${words}" ${times} times; it said:\n${text.slice(-2_000)}`);
      await delay(50);
    }
  }

  /** The last thing that the guest said about its disks or interfaces matches, after waiting for it. */
  async function lastSaid(plan: MachinePlan, topic: "disks" | "interfaces", wanted: (line: string) => boolean): Promise<void> {
    const deadline = performance.now() + subject.bootLimitMs;
    for (;;) {
      const lines = (await readFile(plan.consoleFile, "latin1")).split(/\r?\n/).filter((line) => line.startsWith(`GUEST ${topic}`));
      if (wanted(lines.at(-1) ?? "")) return;
      if (performance.now() > deadline) throw new Error(`the guest last said: ${lines.at(-1)}`);
      await delay(50);
    }
  }

  async function endWithin(machine: RunningMachine, limitMs: number) {
    return Promise.race([machine.ended, delay(limitMs).then(() => "not ended in time")]);
  }

  afterEach(async () => {
    const all = started.splice(0);
    for (const { machine } of all) await machine.release();
    for (const { plan } of all) await (await subject.newEngine().adopt(plan))?.kill();
    const leftovers = await Promise.all(all.map(({ plan }) => subject.listLeftovers(plan)));
    expect(leftovers.flat()).toEqual([]);
  });

  describe("a run", () => {
    it("boots, writes the serial console, and ends as requested when the guest obeys", async () => {
      const { plan, machine } = await start("obey");
      await machine.requestStop();
      expect(await endWithin(machine, subject.bootLimitMs)).toMatchObject({ cause: "requested" });
      expect(await sees(plan, "GUEST powering off")).toContain("GUEST ready obey");
    });

    it("ends as requested when the guest was still booting when it was asked", async () => {
      const plan = await subject.makePlan("obey");
      const machine = await subject.newEngine().start(plan, signal);
      started.push({ plan, machine });
      await machine.requestStop();
      expect(await endWithin(machine, subject.bootLimitMs)).toMatchObject({ cause: "requested" });
    });

    it("goes on when the guest ignores the request to stop, and ends when killed", async () => {
      const { machine } = await start("ignore");
      await machine.requestStop();
      expect(await endWithin(machine, 1_500)).toBe("not ended in time");
      await machine.kill();
      expect(await endWithin(machine, soon)).toMatchObject({ cause: "requested" });
    });

    it("ends soon after the guest's power-off, by the guest", async () => {
      const { plan, machine } = await start("poweroff");
      await sees(plan, "GUEST powering off");
      expect(await endWithin(machine, soon)).toEqual({ cause: "guest" });
    });

    it("ends soon after its process's death, by the engine, and cannot be adopted", async () => {
      const { plan, machine } = await start("obey");
      subject.crash(machine.pid);
      expect(await endWithin(machine, soon)).toMatchObject({ cause: "engine", reason: expect.any(String) });
      expect(await subject.newEngine().adopt(plan)).toBeUndefined();
    });

    it("leaves nothing behind when it cannot be started", async () => {
      const plan = { ...(await subject.makePlan("obey")), kernel: { file: "/nonexistent", commandLine: "" } };
      await expect(subject.newEngine().start(plan, signal)).rejects.toThrow();
      expect(await subject.listLeftovers(plan)).toEqual([]);
    });
  });

  describe("the serial port", () => {
    it("takes what is typed there, from one user after the other, also behind a restart and for the next agent", async () => {
      const { plan, machine } = await start("obey");
      await type(machine, "first");
      await sees(plan, "GUEST heard first");
      await type(machine, "second");
      await sees(plan, "GUEST heard second");
      await machine.reboot(subject.bootLimitMs);
      await sees(plan, "GUEST ready obey", 2);
      await machine.release();
      await type(await adopt(plan), "third");
      await sees(plan, "GUEST heard third");
    });
  });

  describe("a restart", () => {
    it("by the guest happens inside the process", async () => {
      const { plan, machine } = await start("reboot");
      await sees(plan, "GUEST ready reboot", 2);
      await machine.release();
      expect((await adopt(plan)).pid).toBe(machine.pid);
    });

    it("by reboot() keeps the process and its devices", async () => {
      const { plan, machine } = await start("obey");
      const disk = await subject.makeDisk();
      await machine.attachDisk(disk);
      await lastSaid(plan, "disks", (line) => line.includes(seenAs(disk)));
      await machine.reboot(subject.bootLimitMs);
      const text = await sees(plan, "GUEST ready obey", 2);
      await lastSaid(plan, "disks", (line) => line.includes(seenAs(disk)));
      expect(text.split("GUEST powering off").length - 1 + text.split("GUEST restarting").length - 1).toBe(1);
      expect(await endWithin(machine, 500)).toBe("not ended in time");
    });

    it("by reboot() is hard when the guest ignores the request", async () => {
      const { plan, machine } = await start("ignore");
      await machine.reboot(1_000);
      await sees(plan, "GUEST ready ignore", 2);
      expect(await endWithin(machine, 100)).toBe("not ended in time");
    });
  });

  describe("adoption", () => {
    it("finds nothing where nothing was started", async () => {
      expect(await subject.newEngine().adopt(await subject.makePlan("obey"))).toBeUndefined();
    });

    it("gives a second agent full control", async () => {
      const { plan, machine } = await start("obey");
      await machine.release();
      const adopted = await adopt(plan);
      expect(adopted.pid).toBe(machine.pid);
      await adopted.requestStop();
      expect(await endWithin(adopted, subject.bootLimitMs)).toMatchObject({ cause: "requested" });
    });

    it("sees the process's death soon", async () => {
      const { plan, machine } = await start("obey");
      await machine.release();
      const adopted = await adopt(plan);
      subject.crash(adopted.pid);
      expect(await endWithin(adopted, soon)).toMatchObject({ cause: "engine" });
    });

    it("still learns that the guest powered off while no agent was there", async () => {
      const { plan, machine } = await start("poweroff");
      await machine.release();
      await sees(plan, "GUEST powering off");
      await delay(1_000); // the end of an unwatched process can only be waited for by looking at the clock
      const adopted = await adopt(plan);
      expect(await endWithin(adopted, soon)).toEqual({ cause: "guest" });
    });
  });

  describe("hot-plug", () => {
    it("shows the guest a disk and an interface, and takes them away", async () => {
      const { plan, machine } = await start("obey");
      const [disk, nic] = [await subject.makeDisk(), await subject.makeInterface()];
      await machine.attachDisk(disk);
      await machine.attachInterface(nic);
      await lastSaid(plan, "disks", (line) => line.includes(seenAs(disk)));
      await lastSaid(plan, "interfaces", (line) => line.includes(nic.mac));
      await machine.attachDisk(disk);
      await machine.detachDisk(disk.volume);
      await machine.detachInterface(nic.id);
      await lastSaid(plan, "disks", (line) => !line.includes(seenAs(disk)));
      await lastSaid(plan, "interfaces", (line) => !line.includes(nic.mac));
    });
  });
}

async function type(machine: RunningMachine, line: string): Promise<void> {
  const input = await machine.openSerialInput();
  await new Promise<void>((resolve) => input.end(`${line}\n`, resolve));
}
