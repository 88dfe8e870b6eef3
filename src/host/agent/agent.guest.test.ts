/** A storage node and a host with real disks and real engines, on one control plane; the network alone is simulated. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import type { InstanceId, VolumeId } from "../../base/ids.ts";
import { jsonLog, silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { endDaemons, findDaemons } from "../disk/daemon-process.ts";
import { guestSockets } from "../disk/guest-socket.ts";
import { hostDisks } from "../disk/host-disks.ts";
import { qemuEngine } from "../engine/qemu/qemu-engine.ts";
import { umlEngine } from "../engine/uml/uml-engine.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { sendSignal } from "../send-signal.ts";
import { startAgent, type Agent } from "./agent.ts";
import { engineUser } from "./confinement.ts";
import { consoleFiles } from "./console-files.ts";
import { diskFiles } from "./durable-files.ts";
import type { HostParts } from "./parts.ts";
import { openStorageParts } from "./real-parts.ts";
import { hostPlaces } from "./run-agent.ts";
import { simulatedHost } from "./simulated-parts.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { diskOf, machineOf, volumeOf } from "./testing/specifications.ts";

const id: InstanceId = "i-0bbbbbbbbbbbbbbb1";
const root: VolumeId = "vol-0bbbbbbbbbbbbbbb1";
const extra: VolumeId = "vol-0bbbbbbbbbbbbbbb2";
const ports = new Map([[root, 23881], [extra, 23882]]);

let directory: string;
let storagePlane: FakeControlPlane;
let hostPlane: FakeControlPlane;
let leaving: AbortController;
let bootId: string;
let storage: Agent;
let host: Agent;

const exported = (volume: VolumeId) => volumeOf({ id: volume, port: ports.get(volume) ?? 0, exportNames: [`${volume}.a`] });
const attached = (volume: VolumeId, isRoot: boolean) =>
  diskOf(volume, { root: isRoot, device: isRoot ? "/dev/xvda" : "/dev/sdf", endpoint: { address: "127.0.0.1", port: ports.get(volume) ?? 0, exportName: `${volume}.a` } });
const machine = (change: Partial<MachineSpecification>) =>
  machineOf({ id, interfaces: [], memoryMib: 64, disks: [attached(root, true)], instanceStoreGib: [1], ...change });

beforeEach(async () => {
  directory = await mkdtemp("/tmp/hostelry-agent-");
  await chmod(directory, 0o711);
  storagePlane = new FakeControlPlane();
  hostPlane = new FakeControlPlane();
  bootId = "first";
  await start();
});

afterEach(async () => {
  await switchOff();
  await rm(directory, { recursive: true, force: true });
});

async function start(): Promise<void> {
  leaving = new AbortController();
  const installation = { dataDirectory: join(directory, "data"), runDirectory: join(directory, "run"), imagesDirectory: directory };
  const probes = { directory };
  const engines = { emulated: qemuEngine("tcg", probes), hardware: qemuEngine("kvm", probes), paravirtual: umlEngine(probes, { random: systemRandom, log: silentLog }) };
  const hostParts: HostParts = { ...simulatedHost(engines), files: diskFiles, consoles: consoleFiles, disks: hostDisks(guestSockets(installation.runDirectory)) };
  const storageParts = openStorageParts({ ...installation, hostId: "node", installation: "abcdef", underlayAddress: "127.0.0.1", snapshotsDirectory: join(directory, "snapshots"), log: silentLog });
  const availability = { works: true, engine: "" };
  const begin = async (hostId: string, parts: typeof hostParts | typeof storageParts, plane: FakeControlPlane) => {
    const places = hostPlaces(parts.role, hostId, installation);
    for (const place of Object.values(places)) await mkdir(place, { recursive: true, mode: 0o711 });
    return startAgent(
      {
        hostId,
        installation: "abcdef",
        ...places,
        imagesDirectory: directory,
        bootId,
        transport: plane.transport(),
        parts,
        userOf: (thing) => engineUser(thing),
        describe: async () => ({ version: "1", engines: { emulated: availability, paravirtual: availability, hardware: availability }, machine: { cpus: 1, memoryMib: 1, cpuModel: "", kernel: "" } }),
        clock: systemClock,
        random: systemRandom,
        log: process.env["HOSTELRY_TEST_LOG"] === undefined ? silentLog : jsonLog((line) => process.stderr.write(line), Date.now),
        longestPauseMs: 100,
      },
      leaving.signal,
    );
  };
  storage = await begin("node", storageParts, storagePlane);
  host = await begin("host", hostParts, hostPlane);
}

/** All processes and mounts are gone. */
async function switchOff(): Promise<void> {
  leaving.abort();
  await Promise.all([storage.over, host.over]);
  await endDaemons(directory, 0);
  for (const line of await mounts()) await promisify(execFile)("umount", ["-l", line.split(" ")[4] ?? ""]);
}

/** The folder for what need not outlive the machine is empty, disks are kept. */
async function restartMachine(): Promise<void> {
  await switchOff();
  await rm(join(directory, "run"), { recursive: true, force: true });
  bootId = "second";
  await start();
}

const untilState = (state: string, generation: number) => hostPlane.until((reports) => reports.get(id)?.state === state && reports.get(id)?.generation === generation, 60_000);
const pidOf = () => host.status().machines[0]?.pid;
const leftovers = async () => [...(await findDaemons(directory)).map(({ args }) => args.join(" ")), ...(await mounts()), ...(await readdir(join(directory, "data/hosts/host/machines"))), ...(await readdir(join(directory, "run/hosts/host")))];
const mounts = async () => (await readFile("/proc/self/mountinfo", "utf8")).split("\n").filter((line) => line.includes(directory));

describe("a real host", () => {
  it.each(["emulated", "paravirtual"] as const)("starts a guest (%s) again after a restart of the physical machine, with its volume as it was and empty local disks", async (virtualization) => {
    storagePlane.set(exported(root));
    hostPlane.set(machine({ virtualization }));
    await untilState("running", 1);
    const pid = pidOf();
    const local = join(directory, "data/hosts/host/machines", id, "instance-store", "ephemeral0.raw");
    await writeFile(local, "lost", { flag: "r+" });
    hostPlane.reports.clear();
    hostPlane.reportLog.length = 0;
    await restartMachine();
    await untilState("running", 1);
    expect(hostPlane.reportLog.map((report) => report.state)).toEqual(expect.not.arrayContaining(["stopped", "failed"]));
    expect([(await readFile(local)).subarray(0, 4), pidOf() === pid, storage.status().volumes[0]?.state]).toEqual([Buffer.alloc(4), false, "available"]);
    hostPlane.set(machine({ virtualization, generation: 2, want: "absent", stop: "force" }));
    await untilState("absent", 2);
    expect((await leftovers()).filter((text) => !text.includes(root))).toEqual([]);
  });

  it("runs an emulated guest through an agent's restart, a hot-plugged volume, a stop and a start, and leaves nothing of it", async () => {
    storagePlane.set(exported(root), exported(extra));
    hostPlane.set(machine({}));
    await untilState("running", 1);
    const pid = pidOf();
    leaving.abort();
    await Promise.all([storage.over, host.over]);
    await start();
    await expect.poll(pidOf).toBe(pid);
    hostPlane.set(machine({ generation: 2, disks: [attached(root, true), attached(extra, false)] }));
    await untilState("running", 2);
    hostPlane.set(machine({ generation: 3, want: "stopped", stop: "force" }));
    await untilState("stopped", 3);
    expect(await readdir(join(directory, "data/hosts/host/machines", id, "instance-store"))).toEqual([]);
    hostPlane.set(machine({ generation: 4, run: 2 }));
    await untilState("running", 4);
    sendSignal(pidOf() ?? 0, "SIGKILL");
    await hostPlane.until((reports) => JSON.stringify(reports.get(id)).includes('"cause":"engine"'), 10_000);
    hostPlane.set(machine({ generation: 5, want: "absent" }));
    storagePlane.set({ ...exported(root), generation: 2, want: "absent" }, { ...exported(extra), generation: 2, want: "absent" });
    await untilState("absent", 5);
    await storagePlane.until((reports) => [root, extra].every((volume) => reports.get(volume)?.state === "absent"));
    expect(await leftovers()).toEqual([]);
  });

  it("runs a paravirtual guest from a file of its volume, brings its serial output over, and leaves nothing of it", async () => {
    storagePlane.set(exported(root));
    hostPlane.set(machine({ virtualization: "paravirtual" }));
    // The volume is empty: the guest's kernel finds no root file system and gives up.
    await untilState("stopped", 1);
    await expect.poll(() => hostPlane.consoles.get(id)?.text).toContain("Linux version");
    hostPlane.set(machine({ generation: 2, want: "absent" }));
    await untilState("absent", 2);
    storagePlane.set({ ...exported(root), generation: 2, want: "absent" });
    await storagePlane.until((reports) => reports.get(root)?.state === "absent");
    expect(await leftovers()).toEqual([]);
  });
});
