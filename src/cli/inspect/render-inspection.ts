/** An inspection for people: what happens to privileged operations first, since that is what the kinds of virtualization differ in. */
import type { HostCalls, Inspection, ProcessorExits, TranslatedOperations } from "../../host/protocol/inspection.ts";
import { renderTable } from "../terminal.ts";

const titles: Readonly<Record<Inspection["virtualization"], string>> = {
  emulated: "emulated: every instruction of the guest is translated before it runs",
  paravirtual: "paravirtual: the guest's kernel asks the host's",
  hardware: "hardware-assisted: the processor runs the guest, and leaves it where it must",
};
const shownRates = 12;

export function renderInspection(inspection: Inspection & { readonly host: string }): string {
  const { id, host, virtualization, engine, pid, sampledMs, process: used, devices, privileged, absent } = inspection;
  const sections = [
    `${id} on ${host}, ${titles[virtualization]}`,
    renderTable([
      ["engine", `${engine}, process ${pid}, looked at for ${(sampledMs / 1000).toFixed(1)} s`],
      ["processors", `${used.userProcessors.toFixed(2)} in its own code, ${used.kernelProcessors.toFixed(2)} in the host's kernel, ${used.waitedProcessors.toFixed(2)} waited for (steal)`],
      ["memory", `${mebibytes(used.residentBytes)} resident, ${mebibytes(used.sharedBytes)} of it shared; ${used.threads} threads`],
    ]),
    ...renderPrivileged(privileged),
    renderTable([["DEVICE", "KIND", "THE GUEST FINDS", "ITS DATA GO TO"], ...devices.map(({ id: device, kind, model, path }) => [device, kind, model, path])]),
    ...absent.map(({ what, why }) => `Not shown: ${what}: ${why}.`),
  ];
  return sections.join("\n\n");
}

function renderPrivileged(privileged: Inspection["privileged"]): string[] {
  switch (privileged.how) {
    case "translated":
      return renderTranslated(privileged);
    case "called":
      return [renderCalls(privileged)];
    case "trapped":
      return renderExits(privileged);
    case "none":
      return [];
  }
}

function renderTranslated({ blocks, blocksPerSecond, cacheBytes, cacheLimitBytes, expansion, invalidatedPerSecond, sample }: TranslatedOperations): string[] {
  const figures = renderTable([
    ["translated blocks", `${blocks}, ${blocksPerSecond.toFixed(0)} more a second, ${invalidatedPerSecond.toFixed(0)} thrown away a second`],
    ["cache", `${mebibytes(cacheBytes)} of ${mebibytes(cacheLimitBytes)}; ${expansion.toFixed(1)} bytes of host code for a byte of the guest's`],
  ]);
  if (sample === undefined) return [figures];
  const guest = sample.guest.map(({ text, privileged }) => `${privileged ? ">" : " "} ${text}${privileged ? "    privileged" : ""}`);
  return [figures, ["A block of the guest:", ...guest].join("\n"), ["Its intermediate form:", ...sample.intermediate.map(indent)].join("\n"), ["The host's code:", ...sample.host.map(indent)].join("\n")];
}

function renderCalls({ source, calls, guestProcesses }: HostCalls): string {
  const unit = source === "counted" ? "A SECOND" : "OF THE LOOKS";
  const shown = calls.slice(0, shownRates).map(({ name, perSecond }) => [name, source === "counted" ? perSecond.toFixed(0) : `${(perSecond * 100).toFixed(0)} %`]);
  return `${renderTable([["CALL OF THE HOST", unit], ...shown])}\n\n${guestProcesses} processes of the host are the guest's.`;
}

function renderExits({ reasons, counters, guestProcessors, hypervisorProcessors }: ProcessorExits): string[] {
  const rates = reasons.slice(0, shownRates).map(({ reason, perSecond }) => [reason, perSecond.toFixed(0)]);
  const counted = counters.slice(0, shownRates).map(({ name, count, perSecond }) => [name, perSecond.toFixed(0), String(count)]);
  return [
    `${guestProcessors.toFixed(2)} processors run the guest's own instructions, ${hypervisorProcessors.toFixed(2)} KVM and QEMU for it.`,
    ...(rates.length === 0 ? [] : [renderTable([["EXIT BECAUSE OF", "A SECOND"], ...rates])]),
    ...(counted.length === 0 ? [] : [renderTable([["KVM COUNTS", "A SECOND", "SINCE THE START"], ...counted])]),
  ];
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

function indent(line: string): string {
  return `  ${line}`;
}
