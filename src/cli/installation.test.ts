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
import { listHosts } from "./topology.ts";

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

  test("gives guests the accelerators that an `up` names, until another names others", async () => {
    const plain = await ensureInstallation(directory, request, parts);
    const given = await ensureInstallation(directory, { ...request, accelerators: ["0000:01:00.0", "0000:02:00.0"] }, parts);
    expect(listHosts(given.topology).flatMap(({ id, accelerators = [] }) => accelerators.map((each) => `${id} ${each}`))).toEqual(["a1 0000:01:00.0", "a2 0000:02:00.0"]);
    expect(await ensureInstallation(directory, request, parts)).toEqual(given);
    expect(await ensureInstallation(directory, { ...request, accelerators: [] }, parts)).toEqual(plain);
  });

  test("is served to other machines from the `up` that says where, to one that names the loopback", async () => {
    const made = await ensureInstallation(directory, { ...request, listen: "192.0.2.7" }, parts);
    expect([made.listen, await ensureInstallation(directory, request, parts)]).toEqual(["192.0.2.7", made]);
    await ensureInstallation(directory, { ...request, listen: "127.0.0.1" }, parts);
    const { listen: _listen, ...alone } = made;
    expect(findInstallation(directory)).toEqual(alone);
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

  test("of an earlier version, which knew one storage node in a zone, is found with it", async () => {
    const made = await ensureInstallation(directory, request, parts);
    const zones = made.topology.regions.map((region) => ({ ...region, zones: region.zones.map(({ storageNodes: [storageNode], ...zone }) => ({ ...zone, storageNode })) }));
    writeFileSync(join(directory, "installation.json"), JSON.stringify({ ...made, topology: { regions: zones } }));
    expect(findInstallation(directory)).toEqual(made);
  });

  test("that is not there is undefined", () => {
    expect(findInstallation(join(directory, "elsewhere"))).toBeUndefined();
  });

  test.each(["", "{", "null", "[]", '{"id":"abcdef"}'])("whose file holds %j is reported as damaged", (text) => {
    writeFileSync(installationFile(directory), text);
    expect(() => findInstallation(directory)).toThrow(/is damaged/);
  });
});
