/**
 * A guest whose User-mode Linux kernel runs under its supervisor (`uml-arguments.ts`), controlled over the management console.
 *
 * How the end's reason survives without an agent: the supervisor, which is the process known by `pid`, waits for the kernel and writes its exit
 * status. 0 is a guest that powered off; anything else a kernel that panicked (1) or was killed (128 + signal). A supervisor that
 * is gone without a status was killed itself, and its kernel with it: `engine`.
 *
 * Ctrl-Alt-Del asks for a stop. An image that takes it as a wish to restart ends all the same: the supervisor finds `stop-requested` and does
 * not start the kernel again. A reboot asked for through the API is Ctrl-Alt-Del too; the supervisor finds `reboot-requested` after
 * a power-off and starts the kernel again.
 *
 * A restart is a new kernel under the same supervisor, with the words of the file `arguments`; hot-plugging changes that file too.
 * So devices stay, at the same places.
 */
import { constants, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../../base/log.ts";
import type { Random } from "../../../base/random.ts";
import type { Inspection } from "../../protocol/inspection.ts";
import { mostDevices, placeOf } from "../disk-place.ts";
import { endOfDisks, haveDisksEnded, killDiskServers, wordsText } from "../disk-servers.ts";
import type { MachinePlan, PlannedDisk, PlannedInterface, RunningMachine } from "../engine.ts";
import { isAlive, killAndWait, listSession, type ProcessIdentity, waitForEnd } from "../engine-process.ts";
import { addWish, dropWish, hasWish, readEnd, recordEnd, type RunEnd, writeSafely } from "../run-record.ts";
import { SlotDisks } from "../slot-disks.ts";
import { mconsole, MconsoleError } from "./mconsole.ts";
import { balanceProcessors } from "./processor-balance.ts";
import { inspectUml } from "./uml-inspector.ts";
import { consoleSocket, diskWord, hasSlots, inputPipe, interfaceWord } from "./uml-arguments.ts";

const commandMs = 10_000;

export interface UmlParts {
  readonly random: Random;
  readonly log: Log;
}

export class UmlMachine implements RunningMachine {
  readonly ended: Promise<RunEnd>;
  readonly #plan: MachinePlan;
  readonly #process: ProcessIdentity;
  readonly #leaving = new AbortController();
  /** Undefined for a guest whose disks are files. */
  readonly #slots: SlotDisks | undefined;
  /** Changes of the devices happen one after the other. */
  #changes: Promise<void> = Promise.resolve();

  constructor(plan: MachinePlan, identity: ProcessIdentity, exited: Promise<void>, { random, log }: UmlParts) {
    this.#plan = plan;
    this.#process = identity;
    this.#slots = hasSlots(plan) ? new SlotDisks(plan) : undefined;
    this.ended = waitForEnd(identity, exited, this.#leaving.signal).then(() => concludeEnd(plan)).finally(() => this.#leaving.abort());
    balanceProcessors({ findKernel: () => findKernel(plan), list: () => listKernelProcesses(plan) }, { random }, this.#leaving.signal).catch((error: unknown) =>
      log.error("A guest keeps the processor that it has, whatever the others do", { instance: plan.id, error }),
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  async requestStop(): Promise<void> {
    await addWish(this.#plan.runDirectory, "stop-requested");
    await dropWish(this.#plan.runDirectory, "reboot-requested");
    await this.#command("cad");
  }

  async openSerialInput(): Promise<Writable> {
    // Not blocking: a pipe that nobody reads is refused at once.
    const fd = openSync(join(this.#plan.runDirectory, inputPipe), constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: false, writable: true });
  }

  async kill(): Promise<void> {
    await recordEnd(this.#plan.runDirectory, { cause: "requested" });
    await killAndWait([this.#process]);
    await this.ended;
  }

  async reboot(gracefulMs: number): Promise<void> {
    const before = await readKernelPid(this.#plan);
    await addWish(this.#plan.runDirectory, "reboot-requested");
    await this.#command("cad");
    const deadline = performance.now() + gracefulMs;
    let hard = false;
    while ((await readKernelPid(this.#plan)) === before) {
      if (!isAlive(this.#process)) throw new Error("the guest's process ended during its reboot");
      if (!hard && performance.now() >= deadline) {
        hard = true;
        await killKernel(this.#plan);
      }
      await delay(50);
    }
    await dropWish(this.#plan.runDirectory, "reboot-requested");
  }

  attachDisk(disk: PlannedDisk): Promise<void> {
    if (this.#slots !== undefined) return this.#next(async () => void (await this.#slots?.attach(disk)));
    const serial = `,,${disk.volume.replace("-", "")}`;
    return this.#change(async (words) => {
      if (words.some((word) => word.startsWith("ubd") && word.endsWith(serial))) return words;
      const word = diskWord(disk, placeOf(disk, takenPlaces(words, "ubd")));
      await this.#command(`config ${word}`);
      return [...words, word];
    });
  }

  detachDisk(volume: string): Promise<void> {
    if (this.#slots !== undefined) return this.#next(() => this.#slots?.detach(volume));
    const serial = `,,${volume.replace("-", "")}`;
    return this.#remove((word) => word.startsWith("ubd") && word.endsWith(serial));
  }

  /** A disk that is a file keeps the size that it had when it was plugged in. */
  async growDisk(volume: string, sizeBytes: number): Promise<void> {
    await this.#next(() => this.#slots?.grow(volume, sizeBytes));
  }

  attachInterface(nic: PlannedInterface): Promise<void> {
    return this.#change(async (words) => {
      if (words.some((word) => isInterface(word, nic.mac))) return words;
      const word = interfaceWord(nic, freeInterface(words));
      await this.#command(`config ${word}`);
      await writeSafely(join(this.#plan.runDirectory, `${nic.id}.mac`), nic.mac);
      return [...words, word];
    });
  }

  async detachInterface(id: string): Promise<void> {
    const file = join(this.#plan.runDirectory, `${id}.mac`);
    const mac = this.#plan.interfaces.find((nic) => nic.id === id)?.mac ?? (await readFile(file, "utf8").catch(() => undefined));
    if (mac === undefined) return;
    await this.#remove((word) => isInterface(word, mac));
    await rm(file, { force: true });
  }

  async inspect(sampleMs: number): Promise<Inspection> {
    const kernel = await findKernel(this.#plan);
    if (kernel === undefined) throw new Error("the guest's kernel is being started again");
    const all = (await listKernelProcesses(this.#plan)).map(({ pid }) => pid);
    return inspectUml(this.#plan, { kernel, all }, sampleMs);
  }

  async release(): Promise<void> {
    this.#leaving.abort();
    await this.#changes.catch(() => {});
  }

  /** A kernel that is being started again does not answer for a second: then the command waits. */
  async #command(command: string): Promise<void> {
    const deadline = performance.now() + commandMs;
    for (;;) {
      try {
        return void (await mconsole(consoleSocket(this.#plan), command));
      } catch (error) {
        const refused = error instanceof MconsoleError && error.refused;
        if (refused || performance.now() >= deadline || !isAlive(this.#process)) throw error;
        await delay(100);
      }
    }
  }

  #remove(chosen: (word: string) => boolean): Promise<void> {
    return this.#change(async (words) => {
      for (const word of words.filter(chosen)) await this.#command(`remove ${/^(ubd|vec)\d+/.exec(word)?.[0]}`);
      return words.filter((word) => !chosen(word));
    });
  }

  #change(change: (words: readonly string[]) => Promise<readonly string[]>): Promise<void> {
    const file = join(this.#plan.runDirectory, "arguments");
    return this.#next(async () => {
      const words = (await readFile(file, "utf8")).split("\n").filter((word) => word !== "");
      const changed = await change(words);
      if (changed !== words) await writeSafely(file, wordsText(changed));
    });
  }

  #next(change: () => Promise<void> | undefined): Promise<void> {
    const done = this.#changes.catch(() => {}).then(change);
    this.#changes = done.catch(() => {});
    return done;
  }
}

/** Why the run ended, once its supervisor is gone; ends whatever is left of the kernel. */
export async function concludeEnd(plan: MachinePlan): Promise<RunEnd> {
  await killKernel(plan);
  await killDiskServers(plan);
  const directory = plan.runDirectory;
  const known = await readEnd(directory);
  if (known !== undefined) return known;
  if (await hasWish(directory, "stop-requested")) return recordEnd(directory, { cause: "requested" });
  if (await haveDisksEnded(plan)) return recordEnd(directory, endOfDisks);
  const status = Number(await readFile(join(directory, "exit-status"), "utf8").catch(() => Number.NaN));
  if (status === 0) return recordEnd(directory, { cause: "guest" });
  return recordEnd(directory, { cause: "engine", reason: reasonOf(status) });
}

function reasonOf(status: number): string {
  if (Number.isNaN(status)) return "its User-mode Linux process was killed";
  if (status > 128) return `its User-mode Linux kernel was killed by signal ${status - 128}`;
  return `its User-mode Linux kernel gave up with exit status ${status}`;
}

/** Kills the kernel and its helpers. */
async function killKernel(plan: MachinePlan): Promise<void> {
  await killAndWait(await listKernelProcesses(plan));
}

/** The kernel and its helpers: they are the session that the kernel leads. */
async function listKernelProcesses(plan: MachinePlan): Promise<readonly ProcessIdentity[]> {
  const kernel = await findKernel(plan);
  return kernel === undefined ? [] : listSession(kernel, plan.runDirectory, plan.user?.uid);
}

async function findKernel(plan: MachinePlan): Promise<number | undefined> {
  const pid = Number(await readKernelPid(plan));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function readKernelPid(plan: MachinePlan): Promise<string> {
  return (await readFile(join(plan.runDirectory, "kernel-pid"), "utf8").catch(() => "")).trim();
}

function takenPlaces(words: readonly string[], kind: "ubd" | "vec"): ReadonlySet<number> {
  const pattern = new RegExp(`^${kind}(\\d+)`);
  return new Set(words.flatMap((word) => pattern.exec(word)?.[1] ?? []).map(Number));
}

function freeInterface(words: readonly string[]): number {
  const taken = takenPlaces(words, "vec");
  const free = Array.from({ length: mostDevices }, (_, index) => index).find((index) => !taken.has(index));
  if (free === undefined) throw new Error("User-mode Linux has no place for another interface");
  return free;
}

function isInterface(word: string, mac: string): boolean {
  return word.startsWith("vec") && word.includes(`,mac=${mac},`);
}
