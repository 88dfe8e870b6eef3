/** Which kinds of virtualization work on this machine: found out once a boot of it, for all installations and for `doctor`. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { ProbeOptions } from "../host/engine/probe.ts";
import { probeEngines } from "../host/engine/probe-cache.ts";
import { qemuArm64Engine, qemuEngine } from "../host/engine/qemu/qemu-engine.ts";
import { umlEngine } from "../host/engine/uml/uml-engine.ts";
import type { EngineAvailability, HostDescription } from "../host/protocol/report.ts";
import type { Virtualization } from "../host/protocol/specification.ts";

/** Of no account and of no guest: below the range that guests' users are computed in. */
const probeUser = { uid: 599_999_999, gid: 599_999_999 };
const probeDirectory = "/run/hostelry";

/** Needs root. Boots a minimal guest with each engine, unless that was done since the machine's start. */
export async function probeMachine(signal: AbortSignal): Promise<Pick<HostDescription, "engines" | "arm64">> {
  mkdirSync(probeDirectory, { recursive: true, mode: 0o755 });
  const directory = mkdtempSync(join(probeDirectory, "probe-"));
  try {
    // Guests' engines pass through as another user.
    chmodSync(directory, 0o711);
    const options: ProbeOptions = { directory, user: probeUser };
    const engines = [qemuEngine("kvm", options), umlEngine(options, { random: systemRandom, log: silentLog }), qemuEngine("tcg", options)];
    const found = await probeEngines(engines, join(probeDirectory, "engines.json"), signal);
    const result = (kind: Virtualization): EngineAvailability => found.get(kind) ?? { works: false, engine: "none", reason: "it was not probed" };
    const ofArm64 = await probeEngines([qemuArm64Engine(options)], join(probeDirectory, "arm64.json"), signal);
    const arm64 = ofArm64.get("emulated");
    return { engines: { emulated: result("emulated"), paravirtual: result("paravirtual"), hardware: result("hardware") }, ...(arm64 === undefined ? {} : { arm64 }) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
