/**
 * The contract suite's ground for real engines: taps, disks, run directories and the guest's first file system, and their removal.
 * Needs root. Everything is named by chance, so that several suites can run on one machine.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ContractSubject } from "../engine-contract.ts";
import type { Engine, MachinePlan, PlannedDisk, PlannedInterface } from "../engine.ts";
import { busyboxEntries, initramfs, type InitramfsEntry } from "../initramfs.ts";
import { guestInit } from "./guest-init.ts";

const run = promisify(execFile);
const diskBytes = 16 * 2 ** 20;

export interface RealGuests extends ContractSubject, AsyncDisposable {
  readonly directory: string;
}

export interface RealGuestsOptions {
  readonly newEngine: () => Engine;
  readonly kernelFile: string;
  readonly commandLine: string;
  readonly extraEntries: readonly InitramfsEntry[];
  readonly memoryMib: number;
  readonly diskBus: MachinePlan["diskBus"];
  readonly user: { readonly uid: number; readonly gid: number };
  readonly bootLimitMs: number;
}

export async function prepareRealGuests(options: RealGuestsOptions): Promise<RealGuests> {
  await chmod("/dev/net/tun", 0o666); // as udev does
  const directory = await mkdtemp(join(tmpdir(), "hg-"));
  await chmod(directory, 0o711);
  const initrd = join(directory, "initrd");
  await writeFile(initrd, initramfs([...busyboxEntries(await readFile("/usr/bin/busybox"), guestInit), ...options.extraEntries]));
  const kernelFile = join(directory, "kernel");
  await copyFile(options.kernelFile, kernelFile); // the cache may lie in a private home
  const taps: string[] = [];
  const suite = randomBytes(3).toString("hex");
  let count = 0;

  async function makeDisk(): Promise<PlannedDisk> {
    const volume = `vol-${(++count).toString(16).padStart(17, "0")}`;
    const path = join(directory, `${volume}.raw`);
    await writeFile(path, "");
    await truncate(path, diskBytes);
    await chown(path, options.user.uid, options.user.gid);
    return { volume, device: "/dev/sdf", root: false, source: { kind: "file", path, format: "raw" } };
  }

  async function makeInterface(): Promise<PlannedInterface> {
    const index = ++count;
    const tap = `hg${suite}-${index}`;
    await run("ip", ["tuntap", "add", "dev", tap, "mode", "tap", "user", String(options.user.uid)]);
    taps.push(tap);
    await run("ip", ["link", "set", tap, "up"]);
    return { id: `eni-${index.toString(16).padStart(17, "0")}`, mac: `02:00:00:00:01:${index.toString(16).padStart(2, "0")}`, tap };
  }

  return {
    directory,
    newEngine: options.newEngine,
    bootLimitMs: options.bootLimitMs,
    makeDisk,
    makeInterface,
    makePlan: async (mode) => {
      const id = `i-${(++count).toString(16).padStart(17, "0")}`;
      const runDirectory = join(directory, id);
      await mkdir(runDirectory);
      await chown(runDirectory, options.user.uid, options.user.gid);
      return {
        id,
        runDirectory,
        consoleFile: join(directory, `${id}.console`),
        user: options.user,
        vcpus: 1,
        memoryMib: options.memoryMib,
        kernel: { file: kernelFile, initrd, commandLine: `${options.commandLine} hostelry.test=${mode}` },
        disks: [{ ...(await makeDisk()), device: "/dev/xvda", root: true }],
        interfaces: [await makeInterface()],
        diskBus: options.diskBus,
      };
    },
    crash: (pid) => void process.kill(pid, "SIGKILL"),
    listLeftovers: (plan) => listLeftovers(plan, options.user.uid),
    [Symbol.asyncDispose]: async () => {
      for (const tap of taps) await run("ip", ["link", "delete", tap]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Living processes of the user that name the run directory. */
async function listLeftovers(plan: MachinePlan, uid: number): Promise<readonly string[]> {
  const left: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const [words, status] = await Promise.all(["cmdline", "status"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")));
    if (words?.includes(plan.runDirectory) && status?.includes(`\nUid:\t${uid}\t`)) left.push(`${pid} ${words.replaceAll("\0", " ")}`);
  }
  return left;
}
