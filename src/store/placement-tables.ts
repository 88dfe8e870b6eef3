/** Rows of what is promised on hosts, and to whom; the conventions are in `tables.ts`. */
import type { Id, InstanceId } from "../base/ids.ts";
import type { Flag } from "./tables.ts";

export interface PlacementTables {
  host_reservations: HostReservationRow;
  host_rooms: HostRoomRow;
  placement_groups: PlacementGroupRow;
  dedicated_hosts: DedicatedHostRow;
  capacity_reservations: CapacityReservationRow;
  capacity_slots: CapacitySlotRow;
}

/** A host's capacity is its size less these; a row goes only when the host has confirmed that the machine is gone. */
export interface HostReservationRow {
  instance_id: InstanceId;
  host_id: string;
  vcpus: number;
  memory_mib: number;
  disk_gib: number;
  network_mbps: number;
  accelerators: number;
  /** Virtual functions of the host's network cards. */
  functions: number;
}

/** What placement must know of a host, and what is promised of it: changed in the same transactions as the promises, so that no launch adds them up. */
export interface HostRoomRow {
  host_id: string;
  region: string;
  zone: string;
  /** Who alone may be there: `` for anybody, the id of a Dedicated Host, `account:ID` while dedicated instances of that account are there. */
  holder: string;
  vcpus: number;
  memory_mib: number;
  /** For local disks, and for the baselines of guests' interfaces; null: no limit is known. */
  disk_gib: number | null;
  network_mbps: number | null;
  /** Devices of its own that guests can have. */
  accelerators: number;
  /** The sum of the host's reservations and of the capacity slots that nobody is in. */
  reserved_vcpus: number;
  reserved_memory_mib: number;
  reserved_disk_gib: number;
  reserved_network_mbps: number;
  reserved_accelerators: number;
  /** The larger of the shares of its vCPUs and of its memory that are reserved, in millionths: hosts are asked for in this order. */
  load: number;
}

export interface PlacementGroupRow {
  id: Id<"placementGroup">;
  account: string;
  region: string;
  name: string;
  strategy: "cluster" | "spread" | "partition";
  /** Of strategy `partition` only. */
  partition_count: number | null;
  /** Of strategy `spread` only. */
  spread_level: "rack" | "host" | null;
  created_at: number;
}

/** A Dedicated Host: one of the installation's hosts, whole. */
export interface DedicatedHostRow {
  id: Id<"dedicatedHost">;
  account: string;
  region: string;
  zone: string;
  host_id: string;
  /** For one type only; null where the host takes any type of the family. */
  instance_type: string | null;
  instance_family: string;
  auto_placement: "on" | "off";
  host_recovery: "on" | "off";
  host_maintenance: "on" | "off";
  client_token: string | null;
  created_at: number;
  /** Since when another stands in for it: its host had died. */
  replaced_at: number | null;
}

export interface CapacityReservationRow {
  id: Id<"capacityReservation">;
  account: string;
  region: string;
  zone: string;
  instance_type: string;
  platform: string;
  tenancy: "default" | "dedicated";
  total: number;
  ebs_optimized: Flag;
  match_criteria: "open" | "targeted";
  state: "active" | "cancelled" | "expired";
  /** Null: it lasts until it is cancelled. */
  end_at: number | null;
  client_token: string | null;
  created_at: number;
  ended_at: number | null;
}

/** Room on a host for one instance of a capacity reservation. An instance in it has its own reservation, which is not added to the host's room again. */
export interface CapacitySlotRow {
  reservation_id: Id<"capacityReservation">;
  number: number;
  host_id: string;
  vcpus: number;
  memory_mib: number;
  disk_gib: number;
  network_mbps: number;
  accelerators: number;
  instance_id: InstanceId | null;
}
