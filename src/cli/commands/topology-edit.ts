/** `region`, `zone`, `host` and `storage-node` with `add` and `remove`: changes of the topology of a data centre that runs. */
import { setTimeout as sleep } from "node:timers/promises";
import { findArrivals } from "../arrived.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { askControlPlane, findStatus } from "../control-client.ts";
import { ranAsOwner, requireInstallation, type CurrentInstallation } from "../current-installation.ts";
import { watchStarts } from "../emulated-host/watch-starts.ts";
import { logFile } from "../launch.ts";
import { devicesNamed, requireAccelerators, requireCards } from "../named-devices.ts";
import type { HostAddOptions, RegionAddOptions, StorageNodeAddOptions, ZoneAddOptions } from "../program-topology.ts";
import { terminalProgress, type Progress } from "../terminal.ts";
import type { TopologyChange } from "../topology-desk.ts";
import { regionOfZone, type TopologyPart } from "../topology-edit.ts";

/** How long nothing may be heard or seen of what was added. */
const arrivalMs = 120_000;

export function regionAdd(name: string, { data, zones, hosts }: RegionAddOptions): Promise<void> {
  const names = zones.split(",").map((zone) => (zone.startsWith(name) ? zone : name + zone));
  return add("region", { regions: [{ name, zones: names.map((zone) => ({ name: zone, hosts })) }] }, data);
}

export function zoneAdd(name: string, { data, hosts }: ZoneAddOptions): Promise<void> {
  return add("zone", { regions: [{ name: regionOfZone(name), zones: [{ name, hosts }] }] }, data);
}

export function hostAdd({ data, zone, id, count, vcpus, memory, emulated, cards, accelerators }: HostAddOptions): Promise<void> {
  if (id !== undefined && count > 1) throw new CommandError("Several hosts cannot have one id.", { exitCode: exitCodes.usage });
  if (emulated === undefined) requireCards(cards ?? []);
  const named = devicesNamed(accelerators ?? []);
  requireAccelerators(named);
  const host = { id, vcpus, memory, cards, emulated: emulated === true ? "yes" : undefined, accelerators: named.length === 0 ? accelerators && "none" : named }; // as JSON without what is undefined
  return add("host", { regions: [{ name: regionOfZone(zone), zones: [{ name: zone, hosts: Array.from({ length: count }, () => host) }] }] }, data);
}

export function storageNodeAdd({ data, zone, id }: StorageNodeAddOptions): Promise<void> {
  return add("storage-node", { regions: [{ name: regionOfZone(zone), zones: [{ name: zone, storageNodes: id === undefined ? 1 : [id] }] }] }, data);
}

/** `plan` is a topology as a file has it. */
async function add(part: TopologyPart, plan: object, data: string | undefined): Promise<void> {
  const current = requireInstallation(data);
  if (ranAsOwner(current)) return;
  const { added } = await edit(current, { add: part, plan });
  const progress = terminalProgress(process.stdout);
  try {
    await untilArrived(current, added, progress);
    progress.done(`${added.join(", ")} added`);
  } finally {
    progress.end();
  }
}

export async function remove(part: TopologyPart, name: string, { data }: { readonly data?: string }): Promise<void> {
  const current = requireInstallation(data);
  if (ranAsOwner(current)) return;
  const { removed, elsewhere } = await edit(current, { remove: part, name });
  process.stdout.write(`${removed.join(", ")} removed${elsewhere === true ? "; ./hostelry down on its machine ends what still runs there" : ""}\n`);
}

function edit(current: CurrentInstallation, body: object): Promise<TopologyChange> {
  return askControlPlane(current, { method: "POST", path: "/v1/topology", body, timeoutMs: 30_000 });
}

/** Returns when guests can be given to the hosts. The computers of emulated ones are waited for as long as they run. */
async function untilArrived({ dataDirectory, installation }: CurrentInstallation, nodes: readonly string[], progress: Progress): Promise<void> {
  const look = watchStarts({ dataDirectory, runDirectory: installation.runDirectory, progress });
  for (let deadline = performance.now() + arrivalMs; performance.now() < deadline; await sleep(100)) {
    const { absent: waiting } = findArrivals(await findStatus(installation), nodes);
    if (waiting.length === 0) return;
    const starting = look(waiting);
    if (starting.length > 0) deadline = performance.now() + arrivalMs;
    progress.working([`starting ${waiting.join(", ")}`, ...starting].join("; "));
  }
  throw new CommandError(`The data centre has ${nodes.join(", ")} now, but not all have arrived.`, { remedy: `They are tried again and again. Look at ${logFile(dataDirectory, "supervisor")} and ./hostelry host list.` });
}
