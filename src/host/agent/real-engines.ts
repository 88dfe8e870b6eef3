/**
 * The engines of a real host, and which of them work.
 *
 * Emulation and User-mode Linux are tried before the host arrives; that takes a second or two. Hardware assistance is tried while the host
 * already works: where it is only pretended, its guest hangs for seconds, and the kernel that it needs may be with an image that is being
 * built. All hosts of an installation on one machine share what was found.
 */
import { existsSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { findProbed, probeEngines } from "../engine/probe-cache.ts";
import type { Probeable } from "../engine/probe.ts";
import { qemuEngine } from "../engine/qemu/qemu-engine.ts";
import { umlEngine } from "../engine/uml/uml-engine.ts";
import type { EngineAvailability } from "../protocol/report.ts";
import type { Virtualization } from "../protocol/specification.ts";
import { engineUser } from "./confinement.ts";
import type { Engines } from "./parts.ts";

export type Availabilities = Readonly<Record<Virtualization, EngineAvailability>>;

export interface EngineProbe {
  /** What is known or found out soon; whatever takes longer does not work yet. */
  soon(signal: AbortSignal): Promise<Availabilities>;
  /** All of it, however long that takes. */
  whole(signal: AbortSignal): Promise<Availabilities>;
}

const lookForKernelEveryMs = 1_000;
const notTried: EngineAvailability = { works: false, engine: "none", reason: "it was not tried" };
const stillTried: EngineAvailability = { works: false, engine: "qemu-kvm", reason: "it is still being tried" };

export async function openRealEngines(directory: string, findKernel: () => string | undefined, log: Log): Promise<{ readonly engines: Engines; readonly probe: EngineProbe }> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o711);
  const user = engineUser("i-00000000000000000");
  const common = { directory, ...(user === undefined ? {} : { user }) };
  // A few translated instructions prove the translator; only a whole kernel proves that a processor's virtualization works.
  const hardwareWith = (kernelFile: string | undefined): Probeable => qemuEngine("kvm", { ...common, ...(kernelFile === undefined ? {} : { kernelFile }) });
  const quick = { emulated: qemuEngine("tcg", common), paravirtual: umlEngine(common, { random: systemRandom, log }) };
  const hardwareFile = join(directory, "hardware.json"); // of its own, so that nobody waits for this probe's lock

  const hasDevice = () => existsSync("/dev/kvm");

  const probeQuick = async (signal: AbortSignal) => {
    const found = await probeEngines(Object.values(quick), join(directory, "results.json"), signal);
    return { emulated: found.get("emulated") ?? notTried, paravirtual: found.get("paravirtual") ?? notTried };
  };
  const probe: EngineProbe = {
    soon: async (signal) => ({ ...(await probeQuick(signal)), hardware: (await findProbed(hardwareWith(hasDevice() ? findKernel() : undefined), hardwareFile)) ?? stillTried }),
    whole: async (signal) => {
      const kernel = hasDevice() ? await untilFound(findKernel, signal) : undefined;
      const found = await probeEngines([hardwareWith(kernel)], hardwareFile, signal);
      return { ...(await probeQuick(signal)), hardware: found.get("hardware") ?? notTried };
    },
  };
  return { engines: { ...quick, hardware: hardwareWith(undefined) }, probe };
}

async function untilFound(find: () => string | undefined, signal: AbortSignal): Promise<string> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await delay(lookForKernelEveryMs, undefined, { signal });
  }
}
