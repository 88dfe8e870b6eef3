import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineContract } from "./engine-contract.ts";
import type { MachinePlan } from "./engine.ts";
import { type GuestProgram, MachineRoom, simulatedEngine } from "./simulated.ts";

const room = new MachineRoom();
const signal = new AbortController().signal;
let directory = "";
let count = 0;

beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "simulated-"))));
afterAll(() => rm(directory, { recursive: true }));

function planOf(mode: string): MachinePlan {
  const name = `i-${(++count).toString(16).padStart(17, "0")}`;
  return {
    id: name,
    runDirectory: join(directory, name),
    consoleFile: join(directory, `${name}.console`),
    vcpus: 1,
    memoryMib: 64,
    kernel: { file: "kernel", commandLine: `hostelry.test=${mode}` },
    disks: [{ volume: `vol-${count}`, device: "/dev/xvda", root: true, source: { kind: "file", path: "/dev/null", format: "raw" } }],
    interfaces: [{ id: `eni-${count}`, mac: "02:00:00:00:00:01", tap: "tap0" }],
    diskBus: "nvme",
  };
}

function programOf(plan: MachinePlan): GuestProgram {
  const mode = /hostelry\.test=(\w+)/.exec(plan.kernel?.commandLine ?? "")?.[1];
  if (plan.kernel?.file === "/nonexistent") return { startFails: "no such kernel" };
  if (mode === "ignore") return { ignoresRequests: true };
  if (mode === "poweroff") return { powerOffAfterMs: 100 };
  return mode === "reboot" ? { restartAfterMs: 100 } : {};
}

describe("the simulated engine", () => {
  engineContract({
    newEngine: () => simulatedEngine({ virtualization: "emulated", room, program: programOf }),
    makePlan: async (mode) => planOf(mode),
    makeDisk: async () => ({ volume: `vol-extra${++count}`, device: "/dev/sdf", root: false, source: { kind: "file", path: "/dev/null", format: "raw" } }),
    makeInterface: async () => ({ id: `eni-extra${++count}`, mac: "02:00:00:00:00:99", tap: "tap1" }),
    crash: (pid) => room.crash(pid),
    listLeftovers: async (plan) => room.running().filter((guest) => guest.plan.id === plan.id).map((guest) => `guest ${guest.pid}`),
    bootLimitMs: 20_000,
  });

  it("runs thousands of guests at little cost", async () => {
    const engine = simulatedEngine({ virtualization: "paravirtual", room: new MachineRoom() });
    const plans = Array.from({ length: 5_000 }, () => ({ ...planOf("obey"), consoleFile: "" }));
    const before = process.cpuUsage();
    const machines = await Promise.all(plans.map((plan) => engine.start(plan, signal)));
    await Promise.all(machines.map((machine) => machine.requestStop()));
    const ends = await Promise.all(machines.map((machine) => machine.ended));
    expect(new Set(ends.map((end) => end.cause))).toEqual(new Set(["requested"]));
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(3_000);
  });

  it("refuses a second process of the same machine", async () => {
    const plan = planOf("obey");
    const engine = simulatedEngine({ virtualization: "emulated", room });
    const machine = await engine.start(plan, signal);
    await expect(engine.start(plan, signal)).rejects.toThrow("runs already");
    await machine.kill();
  });
});
