/**
 * User-mode Linux as an engine: the guest's kernel is an ordinary program of an unprivileged user.
 *
 * Its memory is an unlinked file in shared memory, gone with the process. A guest's root can run any code inside that process (it may load kernel
 * modules), so what confines the guest is the user that the process runs as, and that it can gain no privileges.
 */
import { constants, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { EngineAvailability } from "../../protocol/report.ts";
import { adoptProcess } from "../adoption.ts";
import { disksComplaint, forgetDiskFiles, wordsText, writeDiskFiles } from "../disk-servers.ts";
import type { Engine, MachinePlan, RunningMachine } from "../engine.ts";
import { type DetachedProcess, isAlive, startDetached } from "../engine-process.ts";
import { type ProbeOptions, type Probeable, probeUml } from "../probe.ts";
import { beginRun, readTail, recordProcess, writeSafely } from "../run-record.ts";
import { mconsole } from "./mconsole.ts";
import { consoleSocket, endKernel, hasSlots, restartScript, restartText, supervisorScript, supervisorText, umlArguments } from "./uml-arguments.ts";
import { concludeEnd, UmlMachine, type UmlParts } from "./uml-machine.ts";

/** Debian's User-mode Linux kernel, for plans that name no other. */
export const defaultUmlKernel = "/usr/bin/linux.uml";
const startMs = 30_000;

export function umlEngine(probeOptions: ProbeOptions, parts: UmlParts): Probeable {
  const engine: Engine = {
    virtualization: "paravirtual",
    probe: (signal) => probe(signal),
    start: (plan, signal) => start(plan, parts, signal),
    adopt: (plan) => adopt(plan, parts),
  };
  const probe = (signal: AbortSignal): Promise<EngineAvailability> => probeUml(engine, { ...probeOptions, kernelFile: probeOptions.kernelFile ?? defaultUmlKernel }, signal);
  return { ...engine, fingerprint: () => fingerprint(probeOptions.kernelFile ?? defaultUmlKernel) };
}

async function start(plan: MachinePlan, parts: UmlParts, signal: AbortSignal): Promise<RunningMachine> {
  signal.throwIfAborted();
  await beginRun(plan.runDirectory);
  await forgetDiskFiles(plan);
  for (const stale of ["exit-status", "kernel-pid"]) await rm(join(plan.runDirectory, stale), { force: true });
  await writeRunFiles(plan);
  const started = await spawnSupervisor(plan);
  const machine = new UmlMachine(plan, started.identity, started.exited, parts);
  try {
    await recordProcess(plan.runDirectory, started.identity);
    await firstAnswer(plan, started, signal);
    return machine;
  } catch (error) {
    await machine.kill();
    throw new Error(`starting User-mode Linux: ${await disksComplaint(plan)} ${await readTail(plan.consoleFile)}`, { cause: error });
  }
}

async function writeRunFiles(plan: MachinePlan): Promise<void> {
  const write = (name: string, text: string) => writeSafely(join(plan.runDirectory, name), text);
  const isServed = hasSlots(plan);
  await write("arguments", wordsText(umlArguments(plan)));
  await write(supervisorScript, supervisorText(plan.kernel?.file ?? defaultUmlKernel, isServed));
  await write(restartScript, restartText);
  if (isServed) await writeDiskFiles(plan, "kernel", endKernel);
}

async function spawnSupervisor(plan: MachinePlan): Promise<DetachedProcess> {
  const console = await open(plan.consoleFile, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o640);
  try {
    return await startDetached({
      // Without address randomization the kernel gets exactly its memory; else it adds the random gap behind its data.
      program: "setarch",
      arguments: ["x86_64", "--addr-no-randomize", "sh", join(plan.runDirectory, supervisorScript)],
      directory: plan.runDirectory,
      environment: { PATH: "/usr/bin:/bin", TMPDIR: "/dev/shm" },
      ...(plan.user === undefined ? {} : { user: plan.user }),
      descriptors: [console.fd, console.fd],
      remedy: "install the Debian packages util-linux and user-mode-linux",
    });
  } finally {
    await console.close();
  }
}

async function firstAnswer(plan: MachinePlan, started: DetachedProcess, signal: AbortSignal): Promise<void> {
  const socket = consoleSocket(plan);
  const deadline = performance.now() + startMs;
  while (performance.now() < deadline && isAlive(started.identity)) {
    signal.throwIfAborted();
    const listens = await stat(socket).then(() => true, () => false);
    if (listens && (await mconsole(socket, "version", 2_000).then(() => true, () => false))) return;
    await Promise.race([delay(25), started.exited]);
  }
  throw new Error(isAlive(started.identity) ? `no answer on its management console in ${startMs} ms` : "the kernel ended at once");
}

function adopt(plan: MachinePlan, parts: UmlParts): Promise<RunningMachine | undefined> {
  return adoptProcess(
    plan,
    async (identity) => new UmlMachine(plan, identity, new Promise(() => {}), parts),
    () => concludeEnd(plan),
  );
}

async function fingerprint(kernel: string): Promise<string> {
  return stat(kernel).then(({ mtimeMs, size }) => `${kernel}:${mtimeMs}:${size}`, () => `${kernel}:missing`);
}
