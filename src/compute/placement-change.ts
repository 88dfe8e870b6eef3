/** ModifyInstancePlacement: where an instance shall be from its next start on (facts §1.8, §2.3, §2.4). */
import { invalidParameterCombination, invalidTenancy, missingParameter, tenancyChangeNotSupported, unsupportedHostConfiguration, unsupportedRequest, zonesMismatched } from "../base/api-error.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { DedicatedHostRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import { requireStopped } from "./instance-attribute.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import { requireOwnedRow } from "./owned-rows.ts";
import { findRequestedGroup, requireGroupFit } from "./placement-group-request.ts";
import { parseAffinity, requireHost } from "./placement-request.ts";

export interface PlacementChangeRequest {
  readonly Affinity?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly GroupId?: string | undefined;
  readonly HostId?: string | undefined;
  readonly Tenancy?: string | undefined;
  readonly PartitionNumber?: number | undefined;
  readonly HostResourceGroupArn?: string | undefined;
}

/** The columns that the change writes. Fails where the instance is not stopped, except for its affinity. */
export async function planPlacementChange(tx: Tx, instance: InstanceRow, request: PlacementChangeRequest): Promise<Partial<InstanceRow>> {
  if (request.HostResourceGroupArn !== undefined) throw unsupportedRequest("Host resource groups are not supported. Name a Dedicated Host by HostId.");
  const { Affinity: affinity, ...rest } = request;
  const isAboutMore = [rest.GroupName, rest.GroupId, rest.HostId, rest.Tenancy, rest.PartitionNumber].some((value) => value !== undefined);
  if (affinity === undefined && !isAboutMore) throw missingParameter("Affinity, GroupName, HostId, PartitionNumber or Tenancy");
  if (isAboutMore) requireStopped(instance);
  const tenure = await planTenure(tx, instance, request);
  const group = await planGroup(tx, { ...instance, ...tenure }, request);
  return { ...tenure, ...group, ...(affinity === undefined ? {} : { affinity: parseAffinity(affinity, tenure.tenancy ?? instance.tenancy) }) };
}

async function planTenure(tx: Tx, instance: InstanceRow, { HostId: hostId, Tenancy: asked }: PlacementChangeRequest): Promise<Partial<InstanceRow>> {
  const type = requireInstanceType(instance.instance_type);
  const host = hostId === undefined ? undefined : await requireHost(tx, instance, hostId, type);
  const tenancy = parseTenancy(instance, asked, host);
  if (tenancy === "host" && !type.dedicatedHosts) throw unsupportedHostConfiguration(`The instance type '${type.name}' is not supported on Dedicated Hosts.`);
  if (host !== undefined && host.zone !== instance.zone) throw zonesMismatched(host.id, host.zone);
  if (tenancy === instance.tenancy && host === undefined) return {};
  const credit = tenancy === "host" && instance.credit_specification === "unlimited" ? { credit_specification: "standard" } : {};
  return { tenancy, dedicated_host_id: host?.id ?? null, ...credit };
}

function parseTenancy(instance: InstanceRow, asked: string | undefined, host: DedicatedHostRow | undefined): InstanceRow["tenancy"] {
  const tenancy = asked ?? (host === undefined ? instance.tenancy : "host");
  if (tenancy !== "default" && tenancy !== "dedicated" && tenancy !== "host") throw invalidTenancy(`The tenancy value '${tenancy}' is invalid. Expecting default, dedicated or host.`);
  if (host !== undefined && tenancy !== "host") throw invalidTenancy("A Dedicated Host can only be specified with the tenancy 'host'.");
  if (instance.tenancy === "host" && tenancy !== "host") throw tenancyChangeNotSupported("host", tenancy);
  return tenancy;
}

async function planGroup(tx: Tx, instance: InstanceRow, { GroupName: name, GroupId: id, PartitionNumber: partition }: PlacementChangeRequest): Promise<Partial<InstanceRow>> {
  if (name === "") {
    if (partition !== undefined) throw invalidParameterCombination("PartitionNumber cannot be specified for an instance that leaves its placement group.");
    return { placement_group_id: null, partition_number: null, partition_fixed: 0 };
  }
  const asked = await findRequestedGroup(tx, instance, { name, id });
  const current = instance.placement_group_id === null ? undefined : await requireOwnedRow(tx, "placement_groups", instance, instance.placement_group_id);
  const group = asked ?? current;
  if (group === undefined) {
    if (partition !== undefined) throw missingParameter("GroupName");
    return {};
  }
  requireGroupFit(group, requireInstanceType(instance.instance_type), instance.tenancy, partition);
  if (asked === undefined && partition === undefined) return {};
  return { placement_group_id: group.id, partition_number: partition ?? null, partition_fixed: partition === undefined ? 0 : 1 };
}
