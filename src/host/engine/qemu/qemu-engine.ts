/**
 * QEMU as an engine: software emulation (TCG) or hardware assistance (KVM), the same code.
 *
 * The process runs in a session of its own as the plan's unprivileged user, with QEMU's seccomp sandbox, and sees of the host what that
 * user may open: its disks, its tap, and the serial log through a descriptor that the agent opened.
 */
import { constants, open, rm, stat } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EngineAvailability } from "../../protocol/report.ts";
import type { Engine, MachinePlan, RunningMachine } from "../engine.ts";
import { connectQmp, type QmpClient } from "../../qmp/qmp-client.ts";
import { adoptProcess } from "../adoption.ts";
import { disksComplaint, forgetDiskFiles, killDiskServers, writeDiskFiles } from "../disk-servers.ts";
import { isAlive, killAndWait, type ProcessIdentity, startDetached, type DetachedProcess } from "../engine-process.ts";
import { type ProbeOptions, type Probeable, probeQemu, probeQemuOfArm64 } from "../probe.ts";
import { beginRun, openLog, readEnd, readTail, recordProcess, writeSafely } from "../run-record.ts";
import { endQemu, qemuArguments, startScript, startText } from "./qemu-arguments.ts";
import { QemuMachine, socketOf } from "./qemu-machine.ts";
import { type Accelerator, arm64Files, platformOf } from "./qemu-platform.ts";

const startMs = 30_000;
/** With a virtual function QEMU does not answer before the kernel has zeroed and locked all of the guest's memory: of the slowest host, one that is emulated. */
const lockMsPerMib = 50;

export function qemuEngine(accelerator: Accelerator, probeOptions: ProbeOptions): Probeable {
  const engine: Engine = {
    virtualization: accelerator === "kvm" ? "hardware" : "emulated",
    probe: (signal) => probe(signal),
    start: (plan, signal) => start(plan, accelerator, signal),
    adopt,
  };
  const probe = (signal: AbortSignal): Promise<EngineAvailability> => probeQemu(engine, accelerator, probeOptions, signal);
  return { ...engine, fingerprint: () => fingerprint([platformOf({}).program, probeOptions.kernelFile, accelerator === "kvm" ? "/dev/kvm" : undefined]) };
}

/** The same engine, probed for guests of arm64. */
export function qemuArm64Engine(probeOptions: ProbeOptions): Probeable {
  const engine = qemuEngine("tcg", probeOptions);
  return { ...engine, probe: (signal) => probeQemuOfArm64(engine, arm64Files, probeOptions, signal), fingerprint: () => fingerprint(arm64Files) };
}

async function start(plan: MachinePlan, accelerator: Accelerator, signal: AbortSignal): Promise<RunningMachine> {
  signal.throwIfAborted();
  await rm(socketOf(plan), { force: true });
  await beginRun(plan.runDirectory);
  await forgetDiskFiles(plan);
  if (plan.diskBus === "slots") {
    await writeDiskFiles(plan, "qemu", endQemu);
    await writeSafely(join(plan.runDirectory, startScript), startText);
  }
  const started = await spawnQemu(plan, accelerator);
  try {
    await recordProcess(plan.runDirectory, started.identity);
    const qmp = await firstAnswer(plan, started, signal);
    return await QemuMachine.control(plan, started.identity, qmp, started.exited);
  } catch (error) {
    await killAndWait([started.identity]);
    await killDiskServers(plan);
    const complaint = [await readTail(join(plan.runDirectory, "engine.log")), await disksComplaint(plan)].join(" ").trim();
    throw new Error(complaint === "" ? "starting QEMU" : `starting QEMU: ${complaint}`, { cause: error });
  }
}

async function spawnQemu(plan: MachinePlan, accelerator: Accelerator): Promise<DetachedProcess> {
  const log = await openLog(join(plan.runDirectory, "engine.log"));
  await log.truncate();
  const console = await open(plan.consoleFile, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o640);
  const { program, remedy } = platformOf(plan);
  const words = qemuArguments(plan, accelerator, cpus()[0]?.model ?? "");
  const isServed = plan.diskBus === "slots";
  try {
    return await startDetached({
      program: isServed ? "sh" : program,
      arguments: isServed ? [join(plan.runDirectory, startScript), program, ...words] : words,
      directory: plan.runDirectory,
      environment: isServed ? { PATH: "/usr/bin:/bin" } : {},
      ...(plan.user === undefined ? {} : { user: plan.user }),
      descriptors: [log.fd, log.fd, console.fd],
      remedy,
    });
  } finally {
    await log.close();
    await console.close();
  }
}

async function firstAnswer(plan: MachinePlan, started: DetachedProcess, signal: AbortSignal): Promise<QmpClient> {
  const limitMs = startMs + (hasFunction(plan) ? plan.memoryMib * lockMsPerMib : 0);
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline && isAlive(started.identity)) {
    signal.throwIfAborted();
    try {
      return await connectQmp({ socket: socketOf(plan) });
    } catch {
      await Promise.race([delay(10), started.exited]); // not listening yet
    }
  }
  throw new Error(isAlive(started.identity) ? `no answer on its control socket in ${limitMs} ms` : "the process ended at once");
}

function hasFunction({ disks, interfaces }: MachinePlan): boolean {
  return disks.some(({ source }) => source.kind === "function") || interfaces.some(({ cardFunction }) => cardFunction !== undefined);
}

function adopt(plan: MachinePlan): Promise<RunningMachine | undefined> {
  const control = async (identity: ProcessIdentity): Promise<RunningMachine> => {
    const qmp = await connectQmp({ socket: socketOf(plan), timeoutMs: startMs });
    return QemuMachine.control(plan, identity, qmp, new Promise(() => {}));
  };
  return adoptProcess(plan, control, async () => {
    await killDiskServers(plan);
    return readEnd(plan.runDirectory);
  });
}

async function fingerprint(files: readonly (string | undefined)[]): Promise<string> {
  const named = files.filter((file) => file !== undefined);
  const facts = await Promise.all(named.map((file) => stat(file).then(({ mtimeMs, size, mode }) => `${file}:${mtimeMs}:${size}:${mode}`, () => `${file}:missing`)));
  return facts.join(" ");
}
