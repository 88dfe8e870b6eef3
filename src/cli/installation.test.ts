import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { parseCidr } from "../base/ipv4.ts";
import { systemRandom } from "../base/random.ts";
import { defaultPlan } from "./build-topology.ts";
import { installationFile } from "./directories.ts";
import { ensureInstallation, findInstallation, type InstallationParts, type InstallationRequest } from "./installation.ts";

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "installation-"))));
afterEach(() => rmSync(directory, { recursive: true }));

const request: InstallationRequest = { simulated: false, openAccounts: false };
const parts: InstallationParts = {
  clock: manualClock(),
  random: systemRandom,
  machine: { cpus: 4, memoryMib: 16_384 },
  runDirectoryFor: (id) => `/run/hostelry/${id}`,
  chooseUnderlay: () => parseCidr("198.19.0.0/22") ?? { base: 0, prefix: 32 },
  choosePublicPool: async () => "198.18.0.0/22",
  chooseFreePort: async () => 40_123,
};

describe("an installation", () => {
  test("is made by the first `up` and found by every later one", async () => {
    const made = await ensureInstallation(directory, request, parts);
    expect(made).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{6}$/),
      createdAt: "2026-01-01T00:00:00.000Z",
      runDirectory: `/run/hostelry/${made.id}`,
      port: 8773,
      publicPool: "198.18.0.0/22",
      underlay: "198.19.0.0/22",
    });
    expect(findInstallation(directory)).toEqual(made);
    expect(await ensureInstallation(directory, request, parts)).toEqual(made);
  });

  test("made by two `up` at once is one", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => ensureInstallation(directory, request, parts)));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(readdirSync(directory)).toEqual(["installation.json"]);
  });

  test("keeps its port and topology until an `up` gives others, and its identity for ever", async () => {
    const made = await ensureInstallation(directory, { ...request, port: 9000, openAccounts: true }, parts);
    const plan = { regions: defaultPlan.regions.map(({ name, zones }) => ({ name, zones: zones.slice(0, 1) })) };
    const changed = await ensureInstallation(directory, { ...request, plan }, parts);
    expect(changed).toEqual({ ...made, openAccounts: false, topology: changed.topology });
    expect(changed.topology.regions[0]?.zones.length).toBe(1);
    expect(findInstallation(directory)).toEqual(changed);
  });

  test("that may have any port keeps the one that it was given first", async () => {
    const made = await ensureInstallation(directory, { ...request, port: 0 }, parts);
    expect(made.port).toBe(40_123);
    expect(await ensureInstallation(directory, { ...request, port: 0 }, { ...parts, chooseFreePort: async () => 1 })).toEqual(made);
  });

  test("does not turn from a real one into a simulated one", async () => {
    await ensureInstallation(directory, request, parts);
    await expect(ensureInstallation(directory, { ...request, simulated: true }, parts)).rejects.toThrow(/holds a real installation/);
  });

  test("that is not there is undefined", () => {
    expect(findInstallation(join(directory, "elsewhere"))).toBeUndefined();
  });

  test.each(["", "{", "null", "[]", '{"id":"abcdef"}'])("whose file holds %j is reported as damaged", (text) => {
    writeFileSync(installationFile(directory), text);
    expect(() => findInstallation(directory)).toThrow(/is damaged/);
  });
});
