/**
 * The engines of a real host, and which of them work.
 *
 * Emulation and User-mode Linux are tried before the host arrives; that takes a second or two. Hardware assistance is tried while the host
 * already works: where it is only pretended, its guest hangs for seconds, and the kernel that it needs may be with an image that is being
 * built. So are guests of arm64, once QEMU for these is there: most machines get it when somebody first asks for such a guest, or never.
 * All hosts of an installation on one machine share what was found.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { sweepTraces } from "../engine/event-counter.ts";
import { findProbed, probeEngines } from "../engine/probe-cache.ts";
import type { Probeable } from "../engine/probe.ts";
import { qemuArm64Engine, qemuEngine } from "../engine/qemu/qemu-engine.ts";
import { arm64Files } from "../engine/qemu/qemu-platform.ts";
import { umlEngine } from "../engine/uml/uml-engine.ts";
import { stillTried, type EngineAvailability, type HostDescription } from "../protocol/report.ts";
import { engineUser } from "./confinement.ts";
import type { Engines } from "./parts.ts";

export type Availabilities = Pick<HostDescription, "engines" | "arm64">;

export interface EngineProbe {
  /** What is known or found out soon; whatever takes longer does not work yet. */
  soon(signal: AbortSignal): Promise<Availabilities>;
  /** What takes longer, or has to wait for something: each gives all that is known when it has found out its part. */
  readonly later: readonly ((signal: AbortSignal) => Promise<Availabilities>)[];
}

const lookAgainMs = 1_000;
const notTried: EngineAvailability = { works: false, engine: "none", reason: "it was not tried" };
const notYet: EngineAvailability = { works: false, engine: "qemu-kvm", reason: stillTried };

export async function openRealEngines(directory: string, findKernel: () => string | undefined, log: Log): Promise<{ readonly engines: Engines; readonly probe: EngineProbe }> {
  await sweepTraces();
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o711);
  const user = engineUser("i-00000000000000000");
  const common = { directory, ...(user === undefined ? {} : { user }) };
  // A few translated instructions prove the translator; only a whole kernel proves that a processor's virtualization works.
  const hardwareWith = (kernelFile: string | undefined): Probeable => qemuEngine("kvm", { ...common, ...(kernelFile === undefined ? {} : { kernelFile }) });
  const quick = { emulated: qemuEngine("tcg", common), paravirtual: umlEngine(common, { random: systemRandom, log }) };
  const arm64 = qemuArm64Engine(common);
  const [hardwareFile, arm64File] = [join(directory, "hardware.json"), join(directory, "arm64.json")]; // of their own, so that nobody waits for these probes' locks

  const hasDevice = () => existsSync("/dev/kvm");
  const hasArm64 = () => arm64Files.every((file) => existsSync(file));

  const soon: EngineProbe["soon"] = async (signal) => {
    const found = await probeEngines(Object.values(quick), join(directory, "results.json"), signal);
    const hardware = (await findProbed(hardwareWith(hasDevice() ? findKernel() : undefined), hardwareFile)) ?? notYet;
    const engines = { emulated: found.get("emulated") ?? notTried, paravirtual: found.get("paravirtual") ?? notTried, hardware };
    return { engines, arm64: (await findProbed(arm64, arm64File)) ?? (hasArm64() ? { ...notYet, engine: "qemu-arm64" } : await arm64.probe(signal)) };
  };
  const probeHardware = async (signal: AbortSignal) => {
    const kernel = hasDevice() ? await untilFound(findKernel, signal) : undefined;
    await probeEngines([hardwareWith(kernel)], hardwareFile, signal);
    return soon(signal);
  };
  const probeArm64 = async (signal: AbortSignal) => {
    await untilFound(() => hasArm64() || undefined, signal);
    await probeEngines([arm64], arm64File, signal);
    return soon(signal);
  };
  return { engines: { ...quick, hardware: hardwareWith(undefined) }, probe: { soon, later: [probeHardware, probeArm64] } };
}

async function untilFound<T>(find: () => T | undefined, signal: AbortSignal): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await delay(lookAgainMs, undefined, { signal });
  }
}
