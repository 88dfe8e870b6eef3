/** `GET /metrics`: what `status` shows, in Prometheus' text format (Prometheus, "Exposition formats"). For this machine only: nobody need sign for it. */
import type { RequestListener } from "node:http";
import type { Log } from "../base/log.ts";
import { isLoopback } from "../base/loopback.ts";
import type { GuestStatus, HostStatus, StatusReport } from "./status-report.ts";

/** Answers `GET /metrics` to callers on this machine, and leaves everything else to `next`. */
export function withMetrics(next: RequestListener, read: () => Promise<StatusReport>, log: Log): RequestListener {
  return (request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics" || !isLoopback(request.socket.remoteAddress)) return void next(request, response);
    read().then(
      (report) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(toMetrics(report)),
      (error: unknown) => {
        log.error("metrics could not be read", { error });
        response.writeHead(500).end();
      },
    );
  };
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [Labels, number];

export function toMetrics(report: StatusReport): string {
  const zones = report.regions.flatMap((region) => region.zones.map((zone) => ({ ...zone, region: region.name })));
  const hosts = zones.flatMap((zone) => zone.hosts.map((host) => ({ host, labels: { region: zone.region, zone: zone.name, host: host.id } })));
  const guests = hosts.flatMap(({ host, labels }) => host.guests.map((guest) => ({ guest, labels: { ...labels, instance: guest.id, type: guest.instanceType } })));
  const ofHosts = (value: (host: HostStatus) => number): Sample[] => hosts.map(({ host, labels }) => [labels, value(host)]);
  const ofKnown = (value: (host: HostStatus) => number | undefined, perUnit: number): Sample[] =>
    hosts.flatMap(({ host, labels }): Sample[] => [value(host)].flatMap((known) => (known === undefined ? [] : [[labels, known * perUnit]])));
  const ofBurstable = (value: (credits: NonNullable<GuestStatus["credits"]>) => number): Sample[] =>
    guests.flatMap(({ guest, labels }): Sample[] => (guest.credits === undefined ? [] : [[labels, value(guest.credits)]]));
  return [
    metric("hostelry_host_up", "Whether the host's agent was heard lately and takes guests.", ofHosts(({ state }) => Number(state === "up"))),
    metric("hostelry_host_vcpus", "vCPUs that the host offers.", ofHosts(({ vcpus }) => vcpus.total)),
    metric("hostelry_host_vcpus_reserved", "vCPUs of the host's guests.", ofHosts(({ vcpus }) => vcpus.reserved)),
    metric("hostelry_host_memory_bytes", "Memory that the host offers.", ofHosts(({ memoryMib }) => memoryMib.total * 2 ** 20)),
    metric("hostelry_host_memory_reserved_bytes", "Memory of the host's guests.", ofHosts(({ memoryMib }) => memoryMib.reserved * 2 ** 20)),
    metric("hostelry_host_disk_bytes", "Room for local disks that the host offers, where a limit is known.", ofKnown(({ diskGib }) => diskGib?.total, 2 ** 30)),
    metric("hostelry_host_disk_reserved_bytes", "Local disks of the host's guests, where a limit is known.", ofKnown(({ diskGib }) => diskGib?.reserved, 2 ** 30)),
    metric("hostelry_host_network_bits_per_second", "Network bandwidth that the host offers, where a limit is known.", ofKnown(({ networkMbps }) => networkMbps?.total, 1e6)),
    metric("hostelry_host_network_reserved_bits_per_second", "Baselines of the host's guests, where a limit is known.", ofKnown(({ networkMbps }) => networkMbps?.reserved, 1e6)),
    metric("hostelry_host_accelerators", "Accelerators that the host offers.", ofHosts(({ accelerators }) => accelerators?.total ?? 0)),
    metric("hostelry_host_accelerators_reserved", "Accelerators of the host's guests.", ofHosts(({ accelerators }) => accelerators?.reserved ?? 0)),
    metric("hostelry_instance_running", "Whether the instance is running.", guests.map(({ guest, labels }) => [labels, Number(guest.state === "running")])),
    metric("hostelry_instance_silent", "Whether the instance runs and does not answer any more.", guests.map(({ guest, labels }) => [labels, Number(guest.silent === true)])),
    metric("hostelry_cpu_credit_balance", "CPU credits that the instance has, launch credits too.", ofBurstable(({ balance, launch }) => balance + launch)),
    metric("hostelry_cpu_surplus_credit_balance", "CPU credits that the instance has borrowed.", ofBurstable(({ surplus }) => surplus)),
    metric("hostelry_cpu_surplus_credits_charged", "CPU credits that the instance has borrowed for good in this run.", ofBurstable(({ charged }) => charged)),
  ].join("");
}

function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}{${Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`).join(",")}} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll("\n", String.raw`\n`);
}
