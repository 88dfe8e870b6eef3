/** The installation's networks on this machine, in the terms of `host/network`. */
import { moveCards } from "../host/network/card-devices.ts";
import { namespacePath } from "../host/network/command.ts";
import { nodeNamespace } from "../host/network/names.ts";
import { choosePublicPool } from "../host/network/public-pool.ts";
import { ensureUnderlay, plugIntoSwitch, removeUnderlay, unplugFromSwitch, type EnsuredUnderlay, type UnderlayNode } from "../host/network/underlay.ts";
import type { Installation } from "./installation.ts";

/** Simulated addresses are never routed, so they need no free block but many addresses. */
const simulatedPool = "198.18.0.0/15";

export async function choosePool(simulated: boolean, underlay: string): Promise<string> {
  return simulated ? simulatedPool : choosePublicPool({ avoid: [underlay] });
}

export async function ensureNetworks({ id, underlay, publicPool, topology, joinDevice }: Installation): Promise<EnsuredUnderlay> {
  const zones = topology.regions.flatMap((region) => region.zones);
  // An emulated host brings its own end.
  const nodes = zones.flatMap((zone) => [...zone.hosts.filter((host) => host.emulated === undefined), ...zone.storageNodes].map((node): UnderlayNode => ({ id: node.id, address: node.underlayAddress })));
  const ensured = await ensureUnderlay({ installation: id, underlay, publicPool, nodes });
  for (const host of zones.flatMap((zone) => zone.hosts)) if (host.emulated === undefined) await moveCards(host.cards ?? [], nodeNamespace(id, host.id));
  if (joinDevice !== undefined) await plugIntoSwitch(id, joinDevice);
  return ensured;
}

export async function removeNetworks({ id, joinDevice }: Installation): Promise<void> {
  if (joinDevice !== undefined) await unplugFromSwitch(id, joinDevice);
  await removeUnderlay({ installation: id });
}

/** The path of the network namespace that a host's or storage node's agent runs in. */
export function namespaceOf({ id }: Installation, node: string): string {
  return namespacePath(nodeNamespace(id, node));
}
