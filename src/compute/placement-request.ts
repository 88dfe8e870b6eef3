/** What RunInstances says about where its instances shall be: group, tenancy, Dedicated Host, capacity reservation; checked, and with what follows from the VPC. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import {
  invalidAffinity,
  invalidParameterCombination,
  invalidTenancy,
  invalidValueOf,
  missingParameter,
  placementGroupInOtherZone,
  reservationNotInState,
  typeNotOnHost,
  unsupportedHostConfiguration,
  unsupportedRequest,
  zonesMismatched,
} from "../base/api-error.ts";
import { takesType } from "../placement/dedicated-host.ts";
import { listMembers } from "../placement/placement-group.ts";
import type { Need } from "../placement/place.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { CapacityReservationRow, DedicatedHostRow, PlacementGroupRow } from "../store/placement-tables.ts";
import { prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { PlacementWish } from "./find-spots.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { requireOwnedRow, type Owner } from "./owned-rows.ts";
import { findRequestedGroup, requireGroupFit } from "./placement-group-request.ts";

export interface RequestedPlacement {
  readonly tenancy: InstanceRow["tenancy"];
  readonly affinity: InstanceRow["affinity"];
  readonly host: DedicatedHostRow | undefined;
  readonly group: PlacementGroupRow | undefined;
  readonly partition: number | undefined;
  readonly capacity: PlacementWish["capacity"];
  /** Those of the launch's zones in which it can be. */
  readonly zones: readonly string[];
}

export function wishOf(owner: Owner, type: InstanceType, need: Need, { tenancy, host, group, partition, capacity }: RequestedPlacement): PlacementWish {
  return { owner, type, need, tenancy, dedicatedHost: host && { id: host.id, only: true }, group, partition: partition ?? null, capacity };
}

type Input = Pick<RunInstancesCommandInput, "Placement" | "CapacityReservationSpecification">;

export async function planPlacement(tx: Tx, owner: Owner, input: Input, type: InstanceType, vpcId: string, zones: readonly string[]): Promise<RequestedPlacement> {
  const { Placement: asked = {} } = input;
  refuseUnknown(asked);
  const host = asked.HostId === undefined ? undefined : await requireHost(tx, owner, asked.HostId, type);
  const tenancy = await tenancyOf(tx, vpcId, asked.Tenancy, host);
  if (tenancy === "host" && !type.dedicatedHosts) throw unsupportedHostConfiguration(`The instance type '${type.name}' is not supported on Dedicated Hosts.`);
  const affinity = parseAffinity(asked.Affinity, tenancy);
  const group = await findRequestedGroup(tx, owner, { name: asked.GroupName, id: asked.GroupId });
  if (group === undefined && asked.PartitionNumber !== undefined) throw missingParameter("Placement.GroupName");
  if (group !== undefined) requireGroupFit(group, type, tenancy, asked.PartitionNumber);
  const { capacity, reservation } = await parseCapacity(tx, owner, input.CapacityReservationSpecification, type, tenancy);
  const left = await zonesLeft(tx, zones, { host, group, reservation });
  return { tenancy, affinity, host, group, partition: asked.PartitionNumber, capacity, zones: left };
}

function refuseUnknown({ SpreadDomain: domain, HostResourceGroupArn: arn }: NonNullable<Input["Placement"]>): void {
  if (domain !== undefined) throw unsupportedRequest("Placement.SpreadDomain is not supported. Leave it out.");
  if (arn !== undefined) throw unsupportedRequest("Host resource groups are not supported. Name a Dedicated Host by Placement.HostId.");
}

export async function requireHost(tx: Tx, owner: Owner, id: string, type: InstanceType): Promise<DedicatedHostRow> {
  const host = await requireOwnedRow(tx, "dedicated_hosts", owner, id);
  if (!takesType(host, type)) throw typeNotOnHost(type.name, id);
  return host;
}

/** In a VPC whose tenancy is `dedicated`, instances are at least that. */
async function tenancyOf(tx: Tx, vpcId: string, asked: string | undefined, host: DedicatedHostRow | undefined): Promise<InstanceRow["tenancy"]> {
  if (asked !== undefined && asked !== "default" && asked !== "dedicated" && asked !== "host") throw invalidTenancy(`The tenancy value '${asked}' is invalid. Expecting default, dedicated or host.`);
  if (host !== undefined && asked !== undefined && asked !== "host") throw invalidTenancy("A Dedicated Host can only be specified with the tenancy 'host'.");
  if (host !== undefined || asked === "host") return "host";
  const [vpc] = await selectVpcTenancy(tx, { vpcId: vpcId as never }); // only compared
  return vpc?.tenancy === "dedicated" ? "dedicated" : (asked ?? "default");
}

const selectVpcTenancy = prepareKept((db, { vpcId }: { vpcId: InstanceRow["vpc_id"] }) => db.selectFrom("vpcs").select("tenancy").where("id", "=", vpcId));

export function parseAffinity(asked: string | undefined, tenancy: InstanceRow["tenancy"]): InstanceRow["affinity"] {
  if (asked === undefined) return "default";
  if (asked !== "default" && asked !== "host") throw invalidAffinity(`The affinity value '${asked}' is invalid. Expecting default or host.`);
  if (tenancy !== "host") throw invalidAffinity("An affinity can only be specified with the tenancy 'host'.");
  return asked;
}

type Specification = RunInstancesCommandInput["CapacityReservationSpecification"];

/** Also as ModifyInstanceCapacityReservationAttributes has it. */
export async function parseCapacity(
  tx: Tx,
  owner: Owner,
  specification: Specification,
  type: InstanceType,
  tenancy: InstanceRow["tenancy"],
): Promise<{ readonly capacity: PlacementWish["capacity"]; readonly reservation: CapacityReservationRow | undefined }> {
  const { CapacityReservationPreference: preference = "open", CapacityReservationTarget: target } = specification ?? {};
  if (preference !== "open" && preference !== "none" && preference !== "capacity-reservations-only") throw invalidValueOf("capacityReservationPreference", preference);
  if (target?.CapacityReservationResourceGroupArn !== undefined) throw unsupportedRequest("Capacity Reservation resource groups are not supported. Name a Capacity Reservation by its id.");
  const id = target?.CapacityReservationId;
  if (id === undefined) return { capacity: { capacity_preference: preference, capacity_target: null }, reservation: undefined };
  if (specification?.CapacityReservationPreference !== undefined && preference !== "capacity-reservations-only") {
    throw invalidParameterCombination("CapacityReservationPreference and CapacityReservationTarget cannot be specified together.");
  }
  const reservation = await requireOwnedRow(tx, "capacity_reservations", owner, id);
  if (reservation.state !== "active") throw reservationNotInState(id, reservation.state);
  if (reservation.instance_type !== type.name || reservation.tenancy !== tenancy) {
    throw invalidParameterCombination(`The Capacity Reservation '${id}' is for ${reservation.instance_type} instances of the tenancy '${reservation.tenancy}'.`);
  }
  return { capacity: { capacity_preference: preference, capacity_target: reservation.id }, reservation };
}

interface Bound {
  readonly host: DedicatedHostRow | undefined;
  readonly group: PlacementGroupRow | undefined;
  readonly reservation: CapacityReservationRow | undefined;
}

async function zonesLeft(tx: Tx, zones: readonly string[], { host, group, reservation }: Bound): Promise<readonly string[]> {
  if (host !== undefined && !zones.includes(host.zone)) throw zonesMismatched(host.id, host.zone);
  if (reservation !== undefined && !zones.includes(reservation.zone)) {
    throw invalidParameterCombination(`The Capacity Reservation '${reservation.id}' is in the Availability Zone ${reservation.zone}, which is not the one requested.`);
  }
  const bound = [host?.zone, reservation?.zone, group && (await zoneOfCluster(tx, group, zones))].filter((zone) => zone !== undefined);
  return zones.filter((zone) => bound.every((each) => each === zone));
}

/** A cluster with a machine in a zone is there. */
async function zoneOfCluster(tx: Tx, group: PlacementGroupRow, zones: readonly string[]): Promise<string | undefined> {
  if (group.strategy !== "cluster") return undefined;
  const zone = (await listMembers(tx, group.id)).find(({ host_id: host }) => host !== null)?.zone;
  if (zone !== undefined && !zones.includes(zone)) throw placementGroupInOtherZone(group.name, zone);
  return zone;
}
