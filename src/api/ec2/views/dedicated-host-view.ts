/** Dedicated Hosts as EC2 shows them, read with what is on them. */
import type { Host, HostInstance } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { capacityFor, typesOf } from "../../../compute/dedicated-host-request.ts";
import type { Tag } from "../../../compute/tags.ts";
import type { DedicatedHostRow, HostRoomRow } from "../../../store/placement-tables.ts";
import type { Tx } from "../../../store/store.ts";
import { toTagViews } from "./tag-view.ts";

type State = "available" | "under-assessment" | "permanent-failure";

export interface ViewedHost {
  readonly row: DedicatedHostRow;
  readonly room: HostRoomRow | undefined;
  readonly state: State;
  readonly instances: readonly HostInstance[];
}

/** All of one account and region. */
export async function viewHosts(tx: Tx, rows: readonly DedicatedHostRow[]): Promise<readonly ViewedHost[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const hostIds = rows.map((row) => row.host_id);
  const rooms = await tx.db.selectFrom("host_rooms").selectAll().where("host_id", "in", hostIds).execute();
  const dead = await tx.db.selectFrom("hosts").select("id").where("id", "in", hostIds).where("failed_at", "is not", null).execute();
  const mine = tx.db.selectFrom("instances").select(["id", "instance_type", "host_id", "dedicated_host_id"]).where("account", "=", first.account).where("region", "=", first.region);
  const instances = await mine.where("dedicated_host_id", "is not", null).where("host_id", "is not", null).execute();
  return rows.map((row) => ({
    row,
    room: row.replaced_at === null ? rooms.find((room) => room.host_id === row.host_id) : undefined,
    state: row.replaced_at !== null ? "permanent-failure" : dead.some(({ id }) => id === row.host_id) ? "under-assessment" : "available",
    instances: instances
      .filter((instance) => instance.dedicated_host_id === row.id && instance.host_id === row.host_id)
      .map((instance) => ({ InstanceId: instance.id, InstanceType: instance.instance_type, OwnerId: row.account })),
  }));
}

export function toHostView({ row, room, state, instances }: ViewedHost, tags: readonly Tag[] | undefined): Host {
  const types = typesOf(row);
  const vcpus = room?.vcpus ?? 0;
  const capacities = room === undefined ? [] : types.map((type) => ({ type, ...capacityFor(type, room) })).filter(({ total }) => total > 0);
  return {
    HostId: row.id,
    OwnerId: row.account,
    State: state,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone),
    AutoPlacement: row.auto_placement,
    HostRecovery: row.host_recovery,
    HostMaintenance: row.host_maintenance,
    AllowsMultipleInstanceTypes: row.instance_type === null ? "on" : "off",
    AllocationTime: new Date(row.created_at),
    MemberOfServiceLinkedResourceGroup: false,
    ...(row.client_token === null ? {} : { ClientToken: row.client_token }),
    HostProperties: {
      ...(row.instance_type === null ? {} : { InstanceType: row.instance_type }),
      InstanceFamily: row.instance_family,
      Sockets: 1,
      Cores: Math.max(1, Math.floor(vcpus / (types[0]?.threadsPerCore ?? 1))),
      TotalVCpus: vcpus,
    },
    AvailableCapacity: {
      AvailableVCpus: Math.max(0, vcpus - (room?.reserved_vcpus ?? 0)),
      AvailableInstanceCapacity: capacities.map(({ type, total, available }) => ({ InstanceType: type.name, TotalCapacity: total, AvailableCapacity: available })),
    },
    Instances: [...instances],
    Tags: toTagViews(tags),
  };
}
