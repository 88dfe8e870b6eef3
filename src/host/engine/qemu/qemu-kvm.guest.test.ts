import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { engineContract } from "../engine-contract.ts";
import { requireDebianKernel } from "../testing/debian-kernel.ts";
import { prepareRealGuests, type RealGuests } from "../testing/real-guests.ts";
import { qemuEngine } from "./qemu-engine.ts";

const user = { uid: 599_999_003, gid: 599_999_003 };
const bootLimitMs = 60_000;
const kernel = await requireDebianKernel();
const availability = await probe();
let guests: RealGuests;

describe.skipIf(!availability.works)(`QEMU with KVM${availability.works ? "" : ` (does not work here: ${availability.reason})`}`, () => {
  beforeAll(async () => {
    guests = await prepareRealGuests({
      newEngine: () => qemuEngine("kvm", { directory: guests.directory, user }),
      kernelFile: kernel.kernelFile,
      commandLine: "console=ttyS0 quiet",
      extraEntries: kernel.moduleEntries,
      memoryMib: 256,
      diskBus: "nvme",
      user,
      bootLimitMs,
    });
  });
  afterAll(() => guests[Symbol.asyncDispose]());

  engineContract({
    newEngine: () => guests.newEngine(),
    makePlan: (mode) => guests.makePlan(mode),
    makeDisk: () => guests.makeDisk(),
    makeInterface: () => guests.makeInterface(),
    crash: (pid) => guests.crash(pid),
    listLeftovers: (plan) => guests.listLeftovers(plan),
    bootLimitMs,
  });
});

async function probe() {
  const directory = await mkdtemp(join(tmpdir(), "kvm-"));
  try {
    return await qemuEngine("kvm", { directory, kernelFile: kernel.kernelFile }).probe(new AbortController().signal);
  } finally {
    await rm(directory, { recursive: true });
  }
}
