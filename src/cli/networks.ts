/** The installation's networks on this machine, in the terms of `host/network`. */
import { namespacePath } from "../host/network/command.ts";
import { nodeNamespace } from "../host/network/names.ts";
import { choosePublicPool } from "../host/network/public-pool.ts";
import { ensureUnderlay, removeUnderlay, type EnsuredUnderlay, type UnderlayNode } from "../host/network/underlay.ts";
import type { Installation } from "./installation.ts";

/** Simulated addresses are never routed, so they need no free block but many addresses. */
const simulatedPool = "198.18.0.0/15";

export async function choosePool(simulated: boolean, underlay: string): Promise<string> {
  return simulated ? simulatedPool : choosePublicPool({ avoid: [underlay] });
}

export function ensureNetworks({ id, underlay, publicPool, topology }: Installation): Promise<EnsuredUnderlay> {
  const zones = topology.regions.flatMap((region) => region.zones);
  const nodes = zones.flatMap((zone) => [...zone.hosts, zone.storageNode].map((node): UnderlayNode => ({ id: node.id, address: node.underlayAddress })));
  return ensureUnderlay({ installation: id, underlay, publicPool, nodes });
}

export function removeNetworks({ id }: Installation): Promise<void> {
  return removeUnderlay({ installation: id });
}

/** The path of the network namespace that a host's or storage node's agent runs in. */
export function namespaceOf({ id }: Installation, node: string): string {
  return namespacePath(nodeNamespace(id, node));
}
