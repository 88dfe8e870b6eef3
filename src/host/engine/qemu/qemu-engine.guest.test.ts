import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineContract } from "../engine-contract.ts";
import { requireDebianKernel } from "../testing/debian-kernel.ts";
import { prepareRealGuests, type RealGuests } from "../testing/real-guests.ts";
import { qemuEngine } from "./qemu-engine.ts";

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
    commandLine: "console=ttyS0 quiet",
    extraEntries: kernel.moduleEntries,
    memoryMib: 512,
    diskBus: "nvme",
    user,
    bootLimitMs,
  });
});
afterAll(() => guests[Symbol.asyncDispose]());

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

  it("boots the probe's guest with a kernel", async () => {
    const engine = qemuEngine("tcg", { directory: guests.directory, user, kernelFile, timeLimitMs: bootLimitMs });
    expect(await engine.probe(signal)).toEqual({ works: true, engine: "qemu-tcg", bootMs: expect.any(Number) });
  });

  it("is believed by a boot sector when there is no kernel", async () => {
    const engine = qemuEngine("tcg", { directory: guests.directory, user, timeLimitMs: bootLimitMs });
    expect(await engine.probe(signal)).toEqual({ works: true, engine: "qemu-tcg", bootMs: expect.any(Number) });
  });
});
