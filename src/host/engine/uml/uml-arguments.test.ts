import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { placeOf } from "../disk-place.ts";
import { wordsText } from "../disk-servers.ts";
import type { MachinePlan } from "../engine.ts";
import { daemonWords, firstSlots, serversText } from "../slot-disks.ts";
import { restartStatus, restartText, supervisorText, umlArguments } from "./uml-arguments.ts";

const plan: MachinePlan = {
  id: "i-0123456789abcdef0",
  runDirectory: "/run/hostelry/ab12cd/hosts/a1/i-0123456789abcdef0",
  consoleFile: "/var/lib/hostelry/console",
  vcpus: 1,
  memoryMib: 512,
  diskBus: "virtio",
  disks: [
    { volume: "vol-0a1b2c3d4e5f60718", device: "/dev/xvda", root: true, source: { kind: "file", path: "/run/x/vol-0a1b2c3d4e5f60718", format: "raw" } },
    { volume: "ephemeral0", device: "/dev/sdb", root: false, source: { kind: "file", path: "/var/lib/hostelry/ephemeral0", format: "raw" } },
  ],
  interfaces: [{ id: "eni-0aa", mac: "0a:ff:00:00:00:01", tap: "tap0aa", mtu: 9_001 }],
};

describe("User-mode Linux's command line", () => {
  it("names disks by serial, the tap, and the instance", async () => {
    await expect(wordsText(umlArguments(plan))).toMatchFileSnapshot("golden/two-disks.txt");
  });

  it("names every slot when the kernel has a first file system, and its disks' daemon what is in each", async () => {
    const virtio: MachinePlan = {
      ...plan,
      kernel: { file: "/aki", initrd: "/ari", commandLine: "root=/dev/vda1 rw" },
      disks: [
        { volume: "vol-0a1b2c3d4e5f60718", device: "/dev/xvda", root: true, source: { kind: "nbd", address: "100.64.0.3", port: 20001, exportName: "vol-0a1b2c3d4e5f60718.x" } },
        ...plan.disks.slice(1),
      ],
    };
    await expect(wordsText(umlArguments(virtio))).toMatchFileSnapshot("golden/slots.txt");
    await expect(wordsText(daemonWords(virtio))).toMatchFileSnapshot("golden/disk-daemon.txt");
  });

  it("leaves to the relay what a volume's own daemon on the same machine serves", () => {
    const socket = "/run/hostelry/ab12cd/volumes/vol-0a1b2c3d4e5f60718/x";
    const root = { volume: "vol-0a1b2c3d4e5f60718", device: "/dev/xvda", root: true, source: { kind: "nbd", address: "100.64.0.3", port: 20001, exportName: "vol-0a1b2c3d4e5f60718.x", socket } } as const; // keeps the literal
    const disks = [root, ...plan.disks.slice(1)];
    expect(serversText(disks)).toBe(`0 ${socket}\n`);
    expect(firstSlots(disks)).toEqual({ 0: "vol-0a1b2c3d4e5f60718.direct", 1: "ephemeral0.1" });
    expect(daemonWords({ ...plan, disks }).filter((word) => word.includes("vol-"))).toEqual([]);
  });

  it("ends with the plan's own words", () => {
    const words = umlArguments({ ...plan, kernel: { file: "/aki", commandLine: "root=/dev/ubda2 ro  panic=1" } });
    expect(words.slice(-4)).toEqual(["hostelry.instance-id=i-0123456789abcdef0", "root=/dev/ubda2", "ro", "panic=1"]);
  });

  it("refuses a disk that User-mode Linux cannot open, and words with line breaks", () => {
    const withSource = (source: MachinePlan["disks"][number]["source"]) => () => umlArguments({ ...plan, disks: [{ volume: "vol-1", device: "/dev/xvda", root: true, source }] });
    expect(withSource({ kind: "nbd", address: "100.64.0.3", port: 1, exportName: "x" })).toThrow("no NBD client");
    expect(withSource({ kind: "file", path: "/a", format: "qcow2" })).toThrow("raw disks only");
    expect(withSource({ kind: "file", path: "/a,b", format: "raw" })).toThrow("blank, comma or colon");
    expect(() => wordsText(["a\nb"])).toThrow("line break");
  });
});

describe("the supervisor", () => {
  let directory = "";
  beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "supervisor-"))));
  afterEach(() => rm(directory, { recursive: true }));

  /** Runs the supervisor over a program that stands for the kernel and notes each of its starts. */
  async function supervise(kernel: string): Promise<{ starts: string[]; status: string; files: string[] }> {
    const file = join(directory, "it's a kernel");
    await writeFile(file, `#!/bin/bash\necho "$(tr '\\0' ' ' < /proc/$$/cmdline)" >> starts\n${kernel}\n`, { mode: 0o755 });
    await writeFile(join(directory, "arguments"), wordsText(["one", "two words"]));
    await writeFile(join(directory, "supervise.sh"), supervisorText(file, false));
    await writeFile(join(directory, "restart.sh"), restartText);
    await promisify(execFile)("sh", [join(directory, "supervise.sh")], { cwd: directory });
    const read = (name: string) => readFile(join(directory, name), "utf8");
    return { starts: (await read("starts")).trim().split("\n"), status: (await read("exit-status")).trim(), files: (await readdir(directory)).toSorted() };
  }

  it("writes how the kernel ended and leaves nothing else", async () => {
    const { starts, status, files } = await supervise("mkdir uml; exit 5");
    expect(starts).toHaveLength(1);
    expect(starts[0]).toContain("restart.sh one two words");
    expect({ status, files }).toEqual({ status: "5", files: ["arguments", "exit-status", "it's a kernel", "restart.sh", "starts", "supervise.sh"] });
  });

  it("starts the kernel again after a restart of the guest, with the arguments of that moment", async () => {
    const { starts, status } = await supervise(`if [ $(wc -l < starts) -eq 1 ]; then echo three > arguments; exit ${restartStatus}; fi; exit 0`);
    expect(starts.map((start) => start.slice(start.indexOf("restart.sh")).trim())).toEqual(["restart.sh one two words", "restart.sh three"]);
    expect(status).toBe("0");
  });

  it("keeps the kernel on one processor", async () => {
    await supervise("grep Cpus_allowed_list /proc/self/status > processors");
    expect(await readFile(join(directory, "processors"), "utf8")).toMatch(/^Cpus_allowed_list:\s\d+$/m);
  });

  it("does not start the kernel again when a stop was asked for", async () => {
    const { starts } = await supervise(`touch stop-requested; exit ${restartStatus}`);
    expect(starts).toHaveLength(1);
  });

  it("starts the kernel again after a power-off when a reboot was asked for", async () => {
    const { starts, files } = await supervise(`if [ $(wc -l < starts) -eq 1 ]; then touch reboot-requested; fi; exit 0`);
    expect(starts).toHaveLength(2);
    expect(files).not.toContain("reboot-requested");
  });

  it("kills what the kernel leaves behind in its session", async () => {
    await supervise("exec setsid bash -c 'sleep 1000 & echo $! > helper'");
    const helper = await readFile(join(directory, "helper"), "utf8");
    const state = () => readFile(`/proc/${helper.trim()}/stat`, "utf8").catch(() => "gone");
    await expect.poll(state).toMatch(/^gone$|\) [ZX] /);
  });
});

it.each([
  ["/dev/sdf", [0], 5],
  ["/dev/xvdb", [0], 1],
  ["sda1", [], 0],
  ["/dev/sdf", [0, 5], 1],
  ["/dev/sdz", [0, 1], 2],
] as const)("the disk %s has a place of its letter where that is free (taken: %j)", (device, taken, place) => {
  expect(placeOf({ volume: "vol-1", device, root: false, source: { kind: "file", path: "/x", format: "raw" } }, new Set(taken))).toBe(place);
});
