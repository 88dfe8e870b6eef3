/** The three kinds of virtualization, and guests of another processor, as a probe found them: by booting a guest, never by looking for a device. */
import { existsSync } from "node:fs";
import type { HostDescription } from "../../host/protocol/report.ts";
import { type Virtualization, virtualizations } from "../../host/protocol/specification.ts";
import { asRoot, type Check, no, unknown, yes } from "./check.ts";

/** The result of the probe, or why there is none. */
export type ProbedEngines = Pick<HostDescription, "engines" | "arm64"> | { readonly unprobed: string };

type Kind = Virtualization | "arm64";

const forWhat: Readonly<Record<Kind, string>> = {
  emulated: "guests of every kind, every instruction translated",
  paravirtual: "guests with a kernel that asks the host instead",
  hardware: "guests at the processor's own speed",
  arm64: "guests of arm64 instance types, every instruction translated",
};

const remedies: Readonly<Record<Kind, string>> = {
  emulated: "Install qemu-system-x86: ./hostelry setup",
  paravirtual: "Install user-mode-linux: ./hostelry setup (x86-64 only)",
  hardware: "Turn virtualization on in the firmware, or nested virtualization in the hypervisor below; guests run emulated or paravirtual meanwhile",
  arm64: "Install qemu-system-arm and qemu-efi-aarch64: ./hostelry setup arm64",
};

export function engineChecks(probed: ProbedEngines): readonly Check[] {
  return [...virtualizations, "arm64" as const].map((kind) => engineCheck(kind, probed)); // keeps the literal
}

function engineCheck(kind: Kind, probed: ProbedEngines): Check {
  // One working kind is enough for `up`; emulation works wherever the packages do.
  const required = kind === "emulated";
  const present = kind === "hardware" ? (existsSync("/dev/kvm") ? "; /dev/kvm is there" : "; there is no /dev/kvm") : "";
  if ("unprobed" in probed) return unknown(kind, `${probed.unprobed}${present}`, asRoot, required);
  const { works, engine, bootMs, reason } = (kind === "arm64" ? probed.arm64 : probed.engines[kind]) ?? { works: false, engine: "none", reason: "it was not tried" };
  if (works) return yes(kind, `${engine}${bootMs === undefined ? "" : `, boots in ${bootMs} ms`}: ${forWhat[kind]}`, required);
  return no(kind, `${engine}: ${reason ?? "the probe's guest did not boot"}${present}`, remedies[kind], required);
}
