/** Where an instance shall be, as its row says it, and what its row says once a spot was found. */
import { findPlacementGroup } from "../placement/placement-group.ts";
import { listInterfacesOf } from "../network/network-interface.ts";
import type { Need } from "../placement/place.ts";
import type { Spot } from "../placement/reservation.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { DedicatedHostRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import type { PlacementWish } from "./find-spots.ts";
import { instanceStoreOf, type InstanceStore } from "./instance-store.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { claimOf } from "./type-claim.ts";

/** What a machine of the type takes of its host, virtualized in one of these ways. `store`: its local disks; absent: all that the type has. */
export function needOf(type: InstanceType, virtualizations: Need["virtualizations"], store?: InstanceStore): Need {
  return { ...claimOf(type, store), virtualizations, ...(type.architectures.includes("arm64") ? { architecture: "arm64" } : {}) };
}

/** For another run of the instance. */
export async function wishOfInstance(tx: Tx, instance: InstanceRow): Promise<PlacementWish> {
  const type = requireInstanceType(instance.instance_type);
  const group = instance.placement_group_id === null ? undefined : await findPlacementGroup(tx, instance.placement_group_id);
  return {
    owner: instance,
    type,
    need: { ...needOf(type, [instance.virtualization], instanceStoreOf(instance)), ...(await functionsOf(tx, instance)) },
    tenancy: instance.tenancy,
    dedicatedHost: instance.dedicated_host_id === null ? undefined : { id: instance.dedicated_host_id, only: instance.affinity === "host" },
    group,
    partition: instance.partition_fixed === 1 ? instance.partition_number : null,
    capacity: instance,
    instanceId: instance.id,
  };
}

/** One for each interface. */
async function functionsOf(tx: Tx, { id, virtual_functions: wanted }: InstanceRow): Promise<Pick<Need, "functions">> {
  return wanted === 1 ? { functions: (await listInterfacesOf(tx, id)).length } : {};
}

/** What the row says of the spot. */
export function toSpotColumns({ host, partition, slot }: Spot, tenancy: InstanceRow["tenancy"]): Partial<InstanceRow> & Pick<InstanceRow, "host_id" | "capacity_reservation_id"> {
  return {
    host_id: host.id,
    capacity_reservation_id: slot?.reservation_id ?? null,
    ...(partition === undefined ? {} : { partition_number: partition }),
    ...(tenancy === "host" ? { dedicated_host_id: host.holder as DedicatedHostRow["id"] } : {}), // the holder of a host that is dedicated
  };
}
