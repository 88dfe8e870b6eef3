/** What an instance takes of its host: by its type, and by the local disks that it has. */
import type { Claim } from "../placement/claim.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import type { InstanceStore } from "./instance-store.ts";

/** `store`: the local disks of an instance; absent: all that the type has. */
export function claimOf({ vcpus, memoryMib, network, accelerators, instanceStore }: InstanceType, store?: InstanceStore): Required<Claim> {
  const whole = instanceStore === undefined ? 0 : instanceStore.diskCount * instanceStore.diskSizeGb;
  const diskGib = store === undefined ? whole : store.gib.reduce((sum, gib) => sum + gib, store.root?.gib ?? 0);
  return { vcpus, memoryMib, diskGib, networkMbps: Math.round(network.baselineGbps * 1000), accelerators: accelerators?.count ?? 0 };
}
