import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { engineContract } from "../engine-contract.ts";
import { prepareRealGuests, type RealGuests } from "../testing/real-guests.ts";
import { defaultUmlKernel, umlEngine } from "./uml-engine.ts";

const user = { uid: 599_999_001, gid: 599_999_001 };
const parts = { random: systemRandom, log: silentLog };
let guests: RealGuests;

beforeAll(async () => {
  guests = await prepareRealGuests({
    newEngine: () => umlEngine({ directory: guests.directory, user }, parts),
    kernelFile: defaultUmlKernel,
    commandLine: "quiet root=/dev/ram0",
    extraEntries: [],
    memoryMib: 96,
    diskBus: "virtio",
    user,
    bootLimitMs: 60_000,
  });
});
afterAll(() => guests[Symbol.asyncDispose]());

describe("User-mode Linux", () => {
  engineContract({
    newEngine: () => guests.newEngine(),
    makePlan: (mode) => guests.makePlan(mode),
    makeDisk: () => guests.makeDisk(),
    makeInterface: () => guests.makeInterface(),
    crash: (pid) => guests.crash(pid),
    listLeftovers: (plan) => guests.listLeftovers(plan),
    bootLimitMs: 60_000,
  });

  it("boots the probe's guest", async () => {
    const engine = umlEngine({ directory: guests.directory, user, timeLimitMs: 60_000 }, parts);
    expect(await engine.probe(new AbortController().signal)).toEqual({ works: true, engine: "user-mode-linux", bootMs: expect.any(Number) });
  });
});
