/** A host that is a computer of its own: it joins over TLS, and KVM really works on it, whatever this machine can do. */
import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AttachNetworkInterfaceCommand, CreateNetworkInterfaceCommand, RebootInstancesCommand, StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, type _InstanceType } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askToJoin } from "../../src/cli/join/ask-to-join.ts";
import { parseJoinToken } from "../../src/cli/join/join-token.ts";
import type { GuestInspection } from "../../src/cli/inspect/inspect-guest.ts";
import type { ProcessorExits } from "../../src/host/protocol/inspection.ts";
import type { HostStatus } from "../../src/cli/status-report.ts";
import { protocolVersion } from "../../src/cli/version.ts";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

const run = promisify(execFile);

let installation: TestInstallation;
let key: GuestKey;
/** The image of guests with virtual functions: built while the host starts. */
let functionsImage: Promise<string>;

/** Machines inside of a machine that is itself emulated, beside other tests, may take many minutes for what takes seconds elsewhere. */
const patienceMs = 1_500_000;

beforeAll(async () => {
  installation = await bringUp({ topology: "emulated-rack", commandLimitMs: patienceMs });
  key = await createKey(installation, "rack");
  functionsImage = installation.hostelry("image", "build", "tiny-vf");
  functionsImage.catch(() => undefined); // the test that needs it says so
}, 2 * patienceMs);

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

async function hosts(): Promise<readonly HostStatus[]> {
  return (await installation.status()).regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts));
}

function untilHost(id: string, what: string, is: (host: HostStatus) => boolean): Promise<HostStatus> {
  return eventually(`${id} to be ${what}`, async () => (await hosts()).find((host) => host.id === id && is(host)), patienceMs);
}

async function runGuest(kind: "hvm" | "paravirtual", zone: string, virtualization?: string): Promise<string> {
  const tags = virtualization === undefined ? {} : { TagSpecifications: [{ ResourceType: "instance" as const, Tags: [{ Key: "hostelry:virtualization", Value: virtualization }] }] };
  const type = kind === "hvm" ? "t3.nano" : "t1.micro";
  return launch(installation, { ImageId: imageId("tiny", kind), InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: zone }, ...tags });
}

function launchWith(networking: string, type: _InstanceType, zone: string): Promise<string> {
  return launch(installation, { ImageId: imageId("tiny-vf", "hvm"), InstanceType: type, KeyName: key.name, Placement: { AvailabilityZone: zone }, TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "hostelry:networking", Value: networking }] }] });
}

const processorOf = "grep -m1 -o 'QEMU TCG\\|User Mode Linux' /proc/cpuinfo; sudo dmesg | grep -o 'Hypervisor detected: KVM' || true";

const bootId = "/proc/sys/kernel/random/boot_id";
/** Of 50 GiB; without one the command fails, and says what the guest's kernel said. */
const localDisk = "for each in /dev/nvme?n1; do [ $(cat /sys/block/${each#/dev/}/size) != 104857600 ] || disk=$each; done; [ -e \"$disk\" ] || { sudo dmesg | grep nvme >&2; exit 1; }";

let assisted = "";
/** The guest with virtual functions. */
let split = "";
/** The guest with an emulated network card; it starts while the one before is waited for. */
let played = "";

function exitsOf({ privileged }: GuestInspection): ProcessorExits {
  if (privileged.how !== "trapped") throw new Error(`privileged operations are ${privileged.how}`);
  return privileged;
}

function count({ counters }: ProcessorExits, name: string): number {
  return counters.find((counter) => counter.name === name)?.count ?? 0;
}

describe("an emulated host", { timeout: 2 * patienceMs }, () => {
  test("has joined, and has found out that hardware assistance works on it", async () => {
    const { engines, cards } = await untilHost("b1", "able to use KVM", (host) => host.engines?.hardware.works === true);
    expect([engines?.hardware.engine, cards]).toEqual(["qemu-kvm", [{ device: "eth1", functions: 7 }, { device: "nvme0", functions: 2, disksGib: [50, 50] }]]);
  });

  test("runs a guest with KVM, which its owner logs in to, while the same image boots emulated and paravirtual on another host", async () => {
    assisted = await runGuest("hvm", "us-east-1b", "hardware");
    const [emulated, paravirtual] = await Promise.all([runGuest("hvm", "us-east-1a", "emulated"), runGuest("paravirtual", "us-east-1a")]);
    const answers = await Promise.all([assisted, emulated, paravirtual].map((id) => untilSsh(installation, key, id, `echo in; ${processorOf}`, patienceMs)));
    expect(answers).toEqual([expect.stringContaining("Hypervisor detected: KVM"), expect.not.stringContaining("KVM"), expect.stringContaining("User Mode Linux")]);
    expect((await hosts()).map(({ id, guests }) => [id, guests.map((guest) => guest.virtualization).toSorted()])).toEqual([["a1", ["emulated", "paravirtual"]], ["b1", ["hardware"]]]);
    const disks = await Promise.all([assisted, emulated, paravirtual].map((id) => untilSsh(installation, key, id, "stat -f -c %i /", patienceMs)));
    expect(new Set(disks).size, "the root file system is that of one image").toBe(1);
    const { PrivateIpAddress: address } = await describeInstance(installation, assisted);
    expect(await untilSsh(installation, key, emulated, `sudo ping -c 3 -W 5 ${address} > /dev/null && echo reached`, patienceMs)).toBe("reached");
  });

  test("shows what becomes of its guest's privileged operations, by KVM's own counters, which rise as the guest works", async () => {
    const look = async () => JSON.parse(await installation.hostelry("inspect", assisted, "--json")) as GuestInspection; // our own command printed it
    const idle = exitsOf(await look());
    const work = "while [ -e /var/tmp/work ]; do dd if=/dev/zero of=/var/tmp/written bs=4k count=20 oflag=direct conv=notrunc; done";
    await untilSsh(installation, key, assisted, `touch /var/tmp/work; sh -c '${work}' > /dev/null 2>&1 < /dev/null &`, patienceMs);
    const busy = await eventually("the guest's device to be written to", async () => [await look()].find((seen) => count(exitsOf(seen), "mmio_exits") >= count(idle, "mmio_exits") + 100));
    await untilSsh(installation, key, assisted, "rm -f /var/tmp/work", patienceMs);
    expect(busy).toMatchObject({ id: assisted, host: "b1", virtualization: "hardware", engine: "qemu-kvm", absent: [] });
    expect(busy.devices.map(({ kind, model }) => [kind, model])).toEqual([["emulated", "NVMe controller"], ["paravirtual", "virtio-net"]]);
    const { reasons, counters, guestProcessors, hypervisorProcessors } = exitsOf(busy);
    expect(reasons.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["interrupt", "nested page fault"]));
    for (const { name, perSecond } of counters.filter((counter) => counter.name.endsWith("exits"))) expect(perSecond, name).toBeLessThanOrEqual(counters.find((each) => each.name === "exits")?.perSecond ?? 0);
    expect(guestProcessors).toBeGreaterThan(0);
    expect(hypervisorProcessors).toBeGreaterThan(0);
  });

  test("gives a guest virtual functions of its cards: its owner logs in over one as the groups allow, and its local disk is another, kept at a reboot", async () => {
    await functionsImage;
    [split, played] = await Promise.all([launchWith("vf", "c5d.large", "us-east-1b"), launchWith("e1000", "t3.nano", "us-east-1a")]);
    const look = `basename $(readlink /sys/class/net/eth0/device/driver); ${processorOf}`;
    expect(await untilSsh(installation, key, split, look, patienceMs)).toMatch(/^igbvf\n[^]*Hypervisor detected: KVM/);
    const { PublicIpAddress: address = "" } = await describeInstance(installation, split);
    await expect(run("ping", ["-c", "1", "-W", "2", address]), "the groups let nothing but SSH in").rejects.toThrow();
    const { devices } = JSON.parse(await installation.hostelry("inspect", split, "--json")) as GuestInspection; // our own command printed it
    expect(devices.map(({ kind, path }) => `${kind} ${path}`)).toEqual([expect.stringMatching(/^emulated NBD /), expect.stringMatching(/^virtual-function PCI 0000:02:00/), expect.stringMatching(/^virtual-function PCI 0000:01:1/)]);
    const boot = await untilSsh(installation, key, split, `${localDisk}; echo kept | sudo tee $disk > /dev/null; sync; cat ${bootId}`, patienceMs);
    await installation.ec2.send(new RebootInstancesCommand({ InstanceIds: [split] }));
    await eventually("the guest to be up again", async () => (await ssh(installation, key, split, `cat ${bootId}`).catch(() => boot)) !== boot || undefined, patienceMs);
    expect(await untilSsh(installation, key, split, `${localDisk}; sudo head -n 1 $disk`, patienceMs)).toBe("kept");
  });

  test("plays network cards for a guest on another host, also one that is plugged in while it runs", async () => {
    const driverOf = (device: string) => `basename $(readlink /sys/class/net/${device}/device/driver)`;
    expect(await untilSsh(installation, key, played, driverOf("eth0"), patienceMs)).toBe("e1000");
    const { SubnetId } = await describeInstance(installation, played);
    const { NetworkInterface: { NetworkInterfaceId } = {} } = await installation.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    await installation.ec2.send(new AttachNetworkInterfaceCommand({ InstanceId: played, NetworkInterfaceId, DeviceIndex: 1 }));
    expect(await untilSsh(installation, key, played, driverOf("eth1"), patienceMs)).toBe("e1000");
    const { devices } = JSON.parse(await installation.hostelry("inspect", played, "--json")) as GuestInspection; // our own command printed it
    expect(devices.map(({ kind, model }) => `${kind} ${model}`)).toContain("emulated e1000");
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [played] }));
  });

  test("takes functions back at stop, and the local disk is empty after it", async () => {
    await installation.ec2.send(new StopInstancesCommand({ InstanceIds: [split], Force: true }));
    await untilState(installation, split, "stopped", patienceMs);
    const said = async () => (await readFile(join(installation.dataDirectory, "logs", "machine-b1.log"), "utf8")).split("\n");
    const sentences = ["a virtual function is made ready", "a virtual function is free again", "local disks are virtual functions of an NVMe controller", "virtual functions of an NVMe controller are free again"];
    const lines = await eventually("the functions to be free again", async () => { // the host's log arrives a little later
      const all = await said();
      const found = sentences.flatMap((sentence) => all.find((line) => line.includes(`"${sentence}"`)) ?? []);
      return found.length === sentences.length ? found : undefined;
    });
    const [made, freed, given, free] = lines.map((line) => /"address":"([^"]+)"/.exec(line)?.[1]);
    expect([made, given]).toEqual([expect.stringMatching(/^0000:01:1/), expect.stringMatching(/^0000:02:00/)]);
    expect([freed, free]).toEqual([made, given]);
    await installation.ec2.send(new StartInstancesCommand({ InstanceIds: [split] }));
    expect(await untilSsh(installation, key, split, `${localDisk}; sudo head -c 512 $disk | tr -d '\\0' | wc -c`, patienceMs)).toBe("0");
    await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [split] }));
  });

  test("whose power fails is dead like any other, and the same host when it is back, with the guest and what that had written", async () => {
    await untilSsh(installation, key, assisted, "sudo sh -c 'echo kept > /kept; sync'", patienceMs);
    await installation.hostelry("host", "fail", "b1");
    await eventually("its computer to be gone", async () => ((await installation.pids(/machines\/b1\b/)).length === 0 ? true : undefined));
    await untilHost("b1", "failed", ({ state }) => state === "failed");
    await installation.hostelry("host", "repair", "b1");
    await untilHost("b1", "up", ({ state }) => state === "up");
    expect(await untilSsh(installation, key, assisted, "cat /kept", patienceMs)).toBe("kept");
    expect((await hosts()).map(({ id }) => id)).toEqual(["a1", "b1"]);
    expect(await readFile(join(installation.dataDirectory, "logs", "machine-b1.log"), "utf8")).toContain("This machine is the host b1 in us-east-1b already; no token is used.");
  });
});

test("a token from the command line makes one more machine a host, and not a second one", async () => {
  const { token: text, url } = JSON.parse(await installation.hostelry("host", "token", "--zone", "us-east-1a", "--json")) as { token: string; url: string }; // our own command printed it
  const token = parseJoinToken(text);
  if (token === undefined) throw new Error("the command printed no token");
  const joinAsNew = () => askToJoin({ url, token, publicKey: String(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "pem", type: "spki" })), machine: { cpus: 1, memoryMib: 512, cpuModel: "none", kernel: "none" }, version: protocolVersion() });
  expect((await joinAsNew()).admission).toMatchObject({ host: "aj1", zone: "us-east-1a", installation: installation.id });
  await expect(joinAsNew()).rejects.toThrow("The token was used already: it made another machine the host aj1.");
  expect(await installation.hostelry("host", "remove", "aj1")).toContain("aj1 removed; ./hostelry down on its machine ends what still runs there");
  expect((await hosts()).map(({ id }) => id)).toEqual(["a1", "b1"]);
  await expect(joinAsNew()).rejects.toThrow("The token is none of this installation's.");
  await expect(installation.hostelry("host", "token", "--zone", "us-east-1f")).rejects.toThrow("There is no zone us-east-1f in this installation.");
});

test("an emulated host goes when no guest is on it any more, and leaves nothing behind", { timeout: patienceMs }, async () => {
  await expect(installation.hostelry("host", "remove", "b1")).rejects.toThrow("b1 cannot go, because of what is there: guests i-");
  await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [assisted], SkipOsShutdown: true }));
  for (const guest of [assisted, split]) await untilState(installation, guest, "terminated", patienceMs);
  expect(await installation.hostelry("host", "remove", "b1")).toBe("b1 removed\n");
  const folders = [join(installation.dataDirectory, "machines", "b1"), join("/run/hostelry", installation.id, "machines", "b1")];
  await eventually("its computer and its folders to be gone", async () => ((await installation.pids(/machines\/b1\b/)).length === 0 && !folders.some((folder) => existsSync(folder))) || undefined);
  expect((await hosts()).map(({ id }) => id)).toEqual(["a1"]);
});
