/**
 * Finds out by booting, not by looking: an engine works when a guest reaches its first user process in time.
 *
 * The guest is the kernel given (an image builder's, or one under /boot; User-mode Linux is its own) and a first file system made here
 * from busybox. Without any kernel, emulation is tried with a boot sector that only speaks to the serial line: enough to know that
 * QEMU emulates a processor, while hardware assistance needs a real kernel to be believed.
 */
import { randomUUID } from "node:crypto";
import { chown, copyFile, mkdir, readdir, readFile, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { errorChain } from "../../base/errors.ts";
import type { EngineAvailability } from "../protocol/report.ts";
import type { Engine, MachinePlan, PlannedDisk } from "./engine.ts";
import { findProcess, killAndWait } from "./engine-process.ts";
import { busyboxEntries, initramfs } from "./initramfs.ts";

export interface ProbeOptions {
  /** An existing folder for the probe's files; short enough for a Unix socket's name, reachable by `user`. */
  readonly directory: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** For QEMU a bzImage; for User-mode Linux its kernel. Absent: one under /boot; Debian's User-mode Linux. */
  readonly kernelFile?: string;
  /** How long the guest may take; absent: 20 s emulated, 5 s with hardware assistance (600 s where that is itself emulated, since it may take minutes on a busy machine), 10 s under User-mode Linux. */
  readonly timeLimitMs?: number;
}

/** An engine that can say what its probe's result depends on, so that the result may be remembered. */
export interface Probeable extends Engine {
  fingerprint(): Promise<string>;
}

const marker = "HOSTELRY-PROBE-USERLAND";
/** A container's usual 64 MiB hold no guest: it would be killed when it touches its memory. */
const leastSharedMib = 512;
const busyboxFile = "/usr/bin/busybox";
/** `no_timer_check`: on a busy machine the ticks of an emulated timer can come too late for the kernel, which would panic then. */
const probeKernelWords = "console=ttyS0 quiet panic=-1 no_timer_check";
const init = `#!/bin/sh\necho ${marker}\nwhile :; do /bin/busybox sleep 1; done\n`;

export async function probeQemu(engine: Engine, accelerator: "tcg" | "kvm", options: ProbeOptions, signal: AbortSignal): Promise<EngineAvailability> {
  const name = accelerator === "kvm" ? "qemu-kvm" : "qemu-tcg";
  const limitMs = options.timeLimitMs ?? (accelerator === "tcg" ? 20_000 : isEmulated(cpus()[0]?.model) ? 600_000 : 5_000);
  if (accelerator === "kvm" && !(await exists("/dev/kvm"))) return { works: false, engine: name, reason: "there is no /dev/kvm" };
  const kernelFile = options.kernelFile ?? (await installedKernel());
  if (kernelFile === undefined && accelerator === "kvm") return { works: false, engine: name, reason: "there is no kernel to try it with yet" };
  if (kernelFile !== undefined) return bootProbe(engine, name, options, limitMs, signal, kernelFile, probeKernelWords);
  return bootProbe(engine, name, options, limitMs, signal);
}

/** A processor that QEMU translates: what it assists takes as long as what it computes. */
function isEmulated(processorModel: string | undefined): boolean {
  return processorModel?.includes("QEMU TCG") === true;
}

export async function probeUml(engine: Engine, options: ProbeOptions & { readonly kernelFile: string }, signal: AbortSignal): Promise<EngineAvailability> {
  const engineName = "user-mode-linux";
  if (!(await exists(options.kernelFile))) return { works: false, engine: engineName, reason: `there is no ${options.kernelFile}: install the Debian package user-mode-linux` };
  const sharedMib = await statfs("/dev/shm").then(({ blocks, bsize }) => (blocks * bsize) / 2 ** 20, () => 0);
  if (sharedMib < leastSharedMib) {
    return { works: false, engine: engineName, reason: `guests' memory lies in /dev/shm, which has room for ${Math.floor(sharedMib)} MiB only` };
  }
  return bootProbe(engine, engineName, options, options.timeLimitMs ?? 10_000, signal, options.kernelFile, "quiet root=/dev/ram0");
}

/** A few translated instructions prove the translator here too; the firmware need only be there. */
export async function probeQemuOfArm64(engine: Engine, files: readonly string[], options: ProbeOptions, signal: AbortSignal): Promise<EngineAvailability> {
  const name = "qemu-arm64";
  for (const file of files) if (!(await exists(file))) return { works: false, engine: name, reason: `there is no ${file}: run ./hostelry setup arm64` };
  return bootPlan(engine, name, options, options.timeLimitMs ?? 20_000, signal, async (directory) => {
    const file = join(directory, "kernel");
    await writeFile(file, arm64Program());
    return { ...planWithout(directory, options), architecture: "arm64", disks: [], kernel: { file, commandLine: "" } };
  });
}

function bootProbe(
  engine: Engine,
  name: string,
  options: ProbeOptions,
  limitMs: number,
  signal: AbortSignal,
  kernelFile?: string,
  commandLine = "",
): Promise<EngineAvailability> {
  return bootPlan(engine, name, options, limitMs, signal, (directory) => writePlan(directory, options, kernelFile, commandLine));
}

async function bootPlan(
  engine: Engine,
  name: string,
  options: ProbeOptions,
  limitMs: number,
  signal: AbortSignal,
  write: (directory: string) => Promise<MachinePlan>,
): Promise<EngineAvailability> {
  await endForgotten(name, options);
  const directory = join(options.directory, `${name}-${randomUUID().slice(0, 8)}`);
  await mkdir(directory, { mode: 0o755 });
  try {
    if (options.user !== undefined) await chown(directory, options.user.uid, options.user.gid);
    return await boot(engine, name, await write(directory), limitMs, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { works: false, engine: name, reason: errorChain(error) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The guest of an agent that was killed while it probed. Nobody else probes the engine in this folder meanwhile (`probe-cache.ts`). */
async function endForgotten(name: string, { directory, user }: ProbeOptions): Promise<void> {
  for (const left of (await readdir(directory)).filter((each) => each.startsWith(`${name}-`))) {
    const word = join(directory, left, "/");
    for (let found = findProcess(word, user?.uid); found !== undefined; found = findProcess(word, user?.uid)) await killAndWait([found]);
    await rm(join(directory, left), { recursive: true, force: true });
  }
}

type BasePlan = Omit<MachinePlan, "disks" | "kernel">;

function planWithout(directory: string, options: ProbeOptions): BasePlan {
  return {
    id: `i-probe-${directory.slice(-8)}`,
    runDirectory: directory,
    consoleFile: join(directory, "console"),
    ...(options.user === undefined ? {} : { user: options.user }),
    vcpus: 1,
    memoryMib: 128,
    interfaces: [],
    diskBus: "virtio",
  };
}

async function writePlan(directory: string, options: ProbeOptions, kernelFile: string | undefined, commandLine: string): Promise<MachinePlan> {
  const base = planWithout(directory, options);
  if (kernelFile === undefined) return { ...base, disks: [await writeBootSector(directory, options)] };
  // The kernel given may lie where the engine's user cannot go.
  const file = join(directory, "kernel");
  await copyFile(kernelFile, file);
  const initrd = join(directory, "initrd");
  await writeFile(initrd, initramfs(busyboxEntries(await readFile(busyboxFile), init)));
  return { ...base, disks: [], kernel: { file, initrd, commandLine } };
}

async function boot(engine: Engine, name: string, plan: MachinePlan, limitMs: number, signal: AbortSignal): Promise<EngineAvailability> {
  const begin = performance.now();
  const machine = await engine.start(plan, signal);
  let ended: string | undefined;
  void machine.ended.then((end) => (ended = end.reason ?? "the guest ended at once"));
  try {
    while (performance.now() - begin < limitMs) {
      signal.throwIfAborted();
      if ((await readConsole(plan)).includes(marker)) return { works: true, engine: name, bootMs: Math.round(performance.now() - begin) };
      if (ended !== undefined) return { works: false, engine: name, reason: ended };
      await delay(limitMs / 500); // looking costs something, too, on a machine that is slow
    }
    return { works: false, engine: name, reason: await describeSilence(plan, limitMs) };
  } finally {
    await machine.kill();
  }
}

async function describeSilence(plan: MachinePlan, limitMs: number): Promise<string> {
  const output = (await readConsole(plan)).trim();
  const seen = output === "" ? "its kernel said nothing" : `its last words were: ${output.slice(-200)}`;
  return `a guest was started but reached no user process in ${limitMs / 1000} s; ${seen}`;
}

async function readConsole(plan: MachinePlan): Promise<string> {
  return readFile(plan.consoleFile, "latin1").catch(() => "");
}

/** The newest Debian kernel under /boot. */
async function installedKernel(): Promise<string | undefined> {
  const names = (await readdir("/boot").catch(() => [])).filter((name) => name.startsWith("vmlinuz-"));
  const newest = names.toSorted().at(-1);
  return newest === undefined ? undefined : join("/boot", newest);
}

/** A disk whose first sector sends the marker to the first serial port, byte by byte, and halts. */
async function writeBootSector(directory: string, options: ProbeOptions): Promise<PlannedDisk> {
  const sector = Buffer.alloc(512);
  const code = [
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, // cli; ax = 0; ds = ax
    0xbe, 0x20, 0x7c, //             si = text, at 0x7c20
    0xba, 0xf8, 0x03, //             dx = first serial port
    0xfc, 0xac, 0x84, 0xc0, //       cld; al = next byte; is it zero?
    0x74, 0x03, 0xee, 0xeb, 0xf8, // yes: skip; out; again from the load
    0xf4, 0xeb, 0xfd, //             halt for ever
  ];
  sector.set(code, 0);
  sector.write(`${marker}\0`, 0x20, "latin1");
  sector.set([0x55, 0xaa], 510);
  const path = join(directory, "boot.raw");
  await writeFile(path, sector);
  await truncate(path, 2 ** 20); // the firmware reads nothing from a disk of less than one cylinder
  if (options.user !== undefined) await chown(path, options.user.uid, options.user.gid);
  return { volume: "vol-probe", device: "/dev/xvda", root: true, source: { kind: "file", path, format: "raw" } };
}

/** Instead of a kernel: sends the marker to the first serial port, byte by byte, and halts. */
function arm64Program(): Buffer {
  const code = [
    0x1000_0101, // adr x1, text, 32 bytes further on
    0xd2a1_2000, // mov x0, first serial port
    0x3840_1422, // ldrb w2, next byte
    0x3400_0062, // is it zero? then to the halt
    0xb900_0002, // str w2, at the port
    0x17ff_fffd, // again from the load
    0xd503_207f, // wfi
    0x17ff_ffff, // for ever
  ];
  const program = Buffer.alloc(4 * code.length);
  for (const [index, word] of code.entries()) program.writeUInt32LE(word, 4 * index);
  return Buffer.concat([program, Buffer.from(`${marker}\0`)]);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(() => true, () => false);
}
