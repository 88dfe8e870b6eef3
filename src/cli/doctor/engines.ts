/** The three kinds of virtualization, as a probe found them: by booting a guest, never by looking for a device. */
import { existsSync } from "node:fs";
import type { EngineAvailability } from "../../host/protocol/report.ts";
import { type Virtualization, virtualizations } from "../../host/protocol/specification.ts";
import { asRoot, type Check, no, unknown, yes } from "./check.ts";

/** The result of the probe, or why there is none. */
export type ProbedEngines = Readonly<Record<Virtualization, EngineAvailability>> | { readonly unprobed: string };

const forWhat: Readonly<Record<Virtualization, string>> = {
  emulated: "guests of every kind, every instruction translated",
  paravirtual: "guests with a kernel that asks the host instead",
  hardware: "guests at the processor's own speed",
};

const remedies: Readonly<Record<Virtualization, string>> = {
  emulated: "Install qemu-system-x86: ./hostelry setup",
  paravirtual: "Install user-mode-linux: ./hostelry setup (x86-64 only)",
  hardware: "Turn virtualization on in the firmware, or nested virtualization in the hypervisor below; guests run emulated or paravirtual meanwhile",
};

export function engineChecks(engines: ProbedEngines): readonly Check[] {
  return virtualizations.map((kind) => engineCheck(kind, engines));
}

function engineCheck(kind: Virtualization, engines: ProbedEngines): Check {
  // One working kind is enough for `up`; emulation works wherever the packages do.
  const required = kind === "emulated";
  const present = kind === "hardware" ? (existsSync("/dev/kvm") ? "; /dev/kvm is there" : "; there is no /dev/kvm") : "";
  if ("unprobed" in engines) return unknown(kind, `${engines.unprobed}${present}`, asRoot, required);
  const { works, engine, bootMs, reason } = engines[kind];
  if (works) return yes(kind, `${engine}${bootMs === undefined ? "" : `, boots in ${bootMs} ms`}: ${forWhat[kind]}`, required);
  return no(kind, `${engine}: ${reason ?? "the probe's guest did not boot"}${present}`, remedies[kind], required);
}
