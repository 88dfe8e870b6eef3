/** `status`: what runs where. */
import { virtualizations } from "../../host/protocol/specification.ts";
import { notRunning } from "../command-error.ts";
import { componentName } from "../component.ts";
import { findStatus } from "../control-client.ts";
import { ranAsOwner, requireInstallation, type CurrentInstallation } from "../current-installation.ts";
import { findJoinedHost } from "../join/joined-host.ts";
import { joinedStatus } from "../join/joined-status.ts";
import { findComponents } from "../processes.ts";
import type { GuestStatus, HostStatus, StatusReport, ZoneStatus } from "../status-report.ts";
import { renderTable } from "../terminal.ts";

export async function status(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const joined = findJoinedHost(options.data);
  if (joined !== undefined) return joinedStatus(joined, options);
  const current = requireInstallation(options.data);
  if (findComponents(current.dataDirectory).length === 0) throw notRunning(current.dataDirectory);
  if (ranAsOwner(current)) return;
  const report = await findStatus(current.installation);
  const text = options.json === true ? renderJson(current, report) : renderText(current, report);
  process.stdout.write(`${text}\n`);
}

function renderJson({ dataDirectory, installation }: CurrentInstallation, report: StatusReport | undefined): string {
  const processes = findComponents(dataDirectory).map(({ component, pid }) => ({ component: componentName(component), pid }));
  const { id, simulated, publicPool } = installation;
  return JSON.stringify({ id, dataDirectory, simulated, publicPool, processes, ...(report ?? { controlPlane: "silent" }) }, undefined, 2);
}

function renderText({ dataDirectory, installation }: CurrentInstallation, report: StatusReport | undefined): string {
  const title = `Hostelry ${installation.id}${installation.simulated ? ", simulated" : ""} (${dataDirectory})`;
  if (report === undefined) return `${title}\nThe control plane does not answer; it is started again by itself. See ./hostelry logs control-plane`;
  return [`${title}\n${report.url}`, renderHosts(report, installation.simulated), renderGuests(report), renderImages(report)].filter((part) => part !== "").join("\n\n");
}

/** Simulated installations have a host in every zone of the world: only those with guests are of interest. */
export function renderHosts(report: StatusReport, onlyUsed: boolean): string {
  const zones = report.regions.flatMap((region) => region.zones);
  const rows = zones.flatMap((zone) => zoneRows(zone, onlyUsed));
  const heading = ["ZONE", "HOST", "STATE", "VCPUS", "MEMORY", "DISK", "NETWORK", "OVERCOMMIT", "GUESTS", "ENGINES"];
  const up = zones.flatMap((zone) => zone.hosts).filter((host) => host.state === "up").length;
  const summary = onlyUsed ? `${up} simulated hosts in ${report.regions.length} regions are up.` : "";
  return [summary, rows.length === 0 ? "" : renderTable([heading, ...rows])].filter((part) => part !== "").join("\n");
}

function zoneRows(zone: ZoneStatus, onlyUsed: boolean): readonly (readonly string[])[] {
  const hosts = onlyUsed ? zone.hosts.filter((host) => host.guests.length > 0) : zone.hosts;
  const rows = hosts.map((host) => [zone.name, host.id, host.state, share(host.vcpus), sizeShare(host.memoryMib, 1024, "GiB"), sizeShare(host.diskGib, 1, "GiB"), sizeShare(host.networkMbps, 1000, "Gbps"), overcommit(host), String(host.guests.length), [engines(host), ...cards(host), ...accelerators(host), ...packets(host)].join(", ")]);
  return onlyUsed ? rows : [...rows, ...zone.storageNodes.map(({ id, state }) => [zone.name, id, state, "", "", "", "", "", "", "storage node"])];
}

function share({ reserved, total }: { readonly reserved: number; readonly total: number }): string {
  return `${reserved}/${total}`;
}

function sizeShare(size: { readonly reserved: number; readonly total: number } | undefined, perUnit: number, unit: string): string {
  if (size === undefined) return "unknown";
  return `${(size.reserved / perUnit).toFixed(1)}/${(size.total / perUnit).toFixed(1)} ${unit}`;
}

function overcommit({ overcommit: factors }: HostStatus): string {
  if (factors === undefined) return "";
  const { vcpus, memory, disk, network } = factors;
  const shown = Object.entries({ vCPUs: vcpus, memory, disk, network }).flatMap(([what, factor]) => (factor === 1 ? [] : `${factor} × ${what}`));
  return shown.length === 0 ? "none" : shown.join(", ");
}

function engines(host: HostStatus): string {
  const probed = host.engines;
  if (probed === undefined) return "not probed yet";
  const kinds = virtualizations.map((kind) => (probed[kind].works ? `${kind} (${probed[kind].engine})` : `no ${kind}`));
  return [...kinds, ...(host.arm64?.works === true ? [`arm64 (${host.arm64.engine})`] : [])].join(", ");
}

function cards({ cards: described = [] }: HostStatus): readonly string[] {
  return described.map(({ device, functions, disksGib, reason }) => {
    const disks = disksGib === undefined || disksGib.length === 0 ? "" : ` for local disks of ${disksGib.join(", ")} GiB`;
    return `${device}: ${functions === 0 ? "no" : functions} virtual functions${disks}${reason === undefined ? "" : ` (${reason})`}`;
  });
}

function accelerators({ accelerators: described }: HostStatus): readonly string[] {
  const { reserved, models } = described ?? { reserved: 0, models: [] };
  const texts = models.map(({ model, count, reason }) => `${model}: ${count === 0 ? "no" : count} accelerators${reason === undefined ? "" : ` (${reason})`}`);
  return reserved === 0 ? texts : [...texts, `${reserved} of them with guests`];
}

function packets({ mtu }: HostStatus): readonly string[] {
  return mtu === undefined ? [] : [`packets of ${mtu} bytes in VPCs`];
}

function renderGuests(report: StatusReport): string {
  const hosts = report.regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts));
  const rows = hosts.flatMap((host) => host.guests.map((guest) => guestRow(host, guest)));
  if (rows.length === 0) return "No guests.";
  return renderTable([["INSTANCE", "NAME", "STATE", "TYPE", "VIRTUALIZATION", "HOST", "PRIVATE", "PUBLIC", "CPU CREDITS"], ...rows]);
}

function guestRow(host: HostStatus, guest: GuestStatus): readonly string[] {
  return [
    guest.id,
    guest.name ?? "",
    guest.silent === true ? `${guest.state}, silent` : guest.state,
    guest.instanceType,
    guest.virtualization,
    host.id,
    guest.privateAddress ?? "",
    guest.publicAddress ?? "",
    guest.credits === undefined ? "" : (guest.credits.balance + guest.credits.launch - guest.credits.surplus).toFixed(1),
  ];
}

function renderImages({ images }: StatusReport): string {
  if (images.length === 0) return "";
  return renderTable([["IMAGE", "STATE", "BOOTS AS", "NAME"], ...images.map((image) => [image.id, image.state, image.virtualizationType, image.name])]);
}
