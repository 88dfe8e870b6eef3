/** `region list`, `zone list` and `storage-node list`: what the data centre consists of, as its rows have it. */
import { notRunning } from "../command-error.ts";
import { findStatus } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import type { StatusReport } from "../status-report.ts";
import { renderTable } from "../terminal.ts";

export interface ListOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export function regionList(options: ListOptions): Promise<void> {
  return list(options, ({ regions }) =>
    regions.map(({ name, zones }) => ({ region: name, zones: zones.length, hosts: sum(zones, (zone) => zone.hosts.length), guests: sum(zones, (zone) => sum(zone.hosts, (host) => host.guests.length)) })),
  );
}

export function zoneList(options: ListOptions): Promise<void> {
  return list(options, ({ regions }) =>
    regions.flatMap(({ name, zones }) => zones.map((zone) => ({ zone: zone.name, region: name, hosts: zone.hosts.length, "storage nodes": zone.storageNodes.map(({ id }) => id).join(", "), guests: sum(zone.hosts, (host) => host.guests.length) }))),
  );
}

export function storageNodeList(options: ListOptions): Promise<void> {
  return list(options, ({ regions }) => regions.flatMap(({ zones }) => zones.flatMap((zone) => zone.storageNodes.map(({ id, state }) => ({ "storage node": id, zone: zone.name, state })))));
}

function sum<T>(things: readonly T[], count: (thing: T) => number): number {
  return things.reduce((total, thing) => total + count(thing), 0);
}

async function list(options: ListOptions, read: (report: StatusReport) => readonly Readonly<Record<string, string | number>>[]): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const report = await findStatus(current.installation);
  if (report === undefined) throw notRunning(current.dataDirectory);
  const rows = read(report);
  const heading = Object.keys(rows[0] ?? {}).map((word) => word.toUpperCase());
  process.stdout.write(`${options.json === true ? JSON.stringify(rows, undefined, 2) : renderTable([heading, ...rows.map((row) => Object.values(row).map(String))])}\n`);
}
