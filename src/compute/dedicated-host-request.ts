/** AllocateHosts and ModifyHosts, checked, and what a Dedicated Host has room for (facts §2.3). */
import {
  hostLimitExceeded,
  insufficientHostCapacity,
  invalidParameterCombination,
  invalidValueOf,
  missingParameter,
  unsupportedHostConfiguration,
  unsupportedRequest,
} from "../base/api-error.ts";
import { claimColumns, toClaimColumns, type ClaimColumns } from "../placement/claim.ts";
import { listDedicatedHosts, listEmptyHosts, takesType, type DedicatedHostPlan } from "../placement/dedicated-host.ts";
import type { HostOffer } from "../placement/place.ts";
import { virtualizations } from "../host/protocol/specification.ts";
import { requireZone } from "../storage/volume-creation.ts";
import type { DedicatedHostRow, HostRoomRow } from "../store/placement-tables.ts";
import type { Tx } from "../store/store.ts";
import { needOf } from "./instance-placement.ts";
import { findInstanceType, listInstanceTypes } from "./instance-types/catalogue.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import type { Owner } from "./owned-rows.ts";
import { claimOf } from "./type-claim.ts";

/** Of one family, in a region (facts §12.5). */
const familyLimit = 2;

interface Settings {
  readonly AutoPlacement?: string | undefined;
  readonly HostRecovery?: string | undefined;
  readonly HostMaintenance?: string | undefined;
}

interface TypeRequest {
  readonly InstanceType?: string | undefined;
  readonly InstanceFamily?: string | undefined;
}

export interface AllocationRequest extends Settings, TypeRequest {
  readonly AvailabilityZone?: string | undefined;
  readonly AvailabilityZoneId?: string | undefined;
  readonly Quantity?: number | undefined;
  readonly OutpostArn?: string | undefined;
  readonly AssetIds?: readonly string[] | undefined;
  readonly ClientToken?: string | undefined;
}

export interface Allocation {
  readonly plan: DedicatedHostPlan;
  readonly hosts: readonly HostOffer[];
}

export async function planAllocation(tx: Tx, { account, region }: Owner, request: AllocationRequest, now: number): Promise<Allocation> {
  const { Quantity: quantity = 1, OutpostArn: outpost, AssetIds: assets = [] } = request;
  if (outpost !== undefined || assets.length > 0) throw unsupportedRequest("Outposts are not supported.");
  if (quantity < 1) throw invalidValueOf("quantity", quantity, "Expecting at least 1.");
  const zone = requireZone(region, request);
  const columns = parseTypes(request);
  const others = (await listDedicatedHosts(tx, { account, region })).filter((host) => host.instance_family === columns.instance_family);
  if (others.length + quantity > familyLimit) throw hostLimitExceeded(columns.instance_family, familyLimit);
  const plan: DedicatedHostPlan = { account, region, zone, ...columns, ...parseSettings({ AutoPlacement: "off", HostRecovery: "off", HostMaintenance: "off", ...given(request) }), client_token: request.ClientToken ?? null };
  const [smallest] = typesOf(plan).toSorted((a, b) => a.memoryMib - b.memoryMib);
  if (smallest === undefined) throw unsupportedHostConfiguration("No instance type of this kind is supported on Dedicated Hosts.");
  const hosts = await listEmptyHosts(tx, { region, zone }, needOf(smallest, virtualizations), quantity, now);
  if (hosts.length < quantity) throw insufficientHostCapacity(zone);
  return { plan, hosts };
}

function given(request: Settings): Settings {
  const members = { AutoPlacement: request.AutoPlacement, HostRecovery: request.HostRecovery, HostMaintenance: request.HostMaintenance };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

type SettingColumns = Pick<DedicatedHostRow, "auto_placement" | "host_recovery" | "host_maintenance">;

function parseSettings(settings: Required<Settings>): SettingColumns {
  const { AutoPlacement: placement, HostRecovery: recovery, HostMaintenance: maintenance } = settings;
  return { auto_placement: parseSwitch("autoPlacement", placement), host_recovery: parseSwitch("hostRecovery", recovery), host_maintenance: parseSwitch("hostMaintenance", maintenance) };
}

function parseSwitch(name: string, value: string | undefined): "on" | "off" {
  if (value !== "on" && value !== "off") throw invalidValueOf(name, value ?? "", "Expecting on or off.");
  return value;
}

type TypeColumns = Pick<DedicatedHostRow, "instance_type" | "instance_family">;

function parseTypes({ InstanceType: name, InstanceFamily: family }: TypeRequest): TypeColumns {
  if (name !== undefined && family !== undefined) throw invalidParameterCombination("InstanceType and InstanceFamily cannot be specified together.");
  if (family !== undefined) {
    const columns = { instance_type: null, instance_family: family };
    if (typesOf(columns).length === 0) throw unsupportedHostConfiguration(`The instance family '${family}' is not supported on Dedicated Hosts.`);
    return columns;
  }
  if (name === undefined) throw missingParameter("instanceType or instanceFamily");
  const type = findInstanceType(name);
  if (type?.dedicatedHosts !== true) throw unsupportedHostConfiguration(`The instance type '${name}' is not supported on Dedicated Hosts.`);
  return { instance_type: name, instance_family: type.family };
}

/** Those that can be on the host, small ones first. */
export function typesOf(host: TypeColumns): readonly InstanceType[] {
  return listInstanceTypes().filter((type) => type.dedicatedHosts && takesType(host, type));
}

/** The columns that a host is to have; `isInUse`: it has an instance, so that it must go on taking its type. */
export function planHostChange(host: DedicatedHostRow, request: Settings & TypeRequest, isInUse: boolean): Partial<DedicatedHostRow> {
  const types: Partial<TypeColumns> = request.InstanceType === undefined && request.InstanceFamily === undefined ? {} : parseTypes(request);
  if (isInUse && types.instance_family !== undefined && types.instance_family !== host.instance_family) {
    throw unsupportedHostConfiguration(`The Dedicated Host '${host.id}' has running instances of the family '${host.instance_family}'.`);
  }
  const settings = { AutoPlacement: host.auto_placement, HostRecovery: host.host_recovery, HostMaintenance: host.host_maintenance, ...given(request) };
  return { ...types, ...parseSettings(settings) };
}

/** How many instances of the type the host takes when it is empty, and how many more now. */
export function capacityFor(type: InstanceType, room: HostRoomRow): { readonly total: number; readonly available: number } {
  const claim = toClaimColumns(claimOf(type));
  const taken = claimColumns.filter((column) => claim[column] > 0);
  const fit = (roomOf: (column: keyof ClaimColumns) => number) => Math.max(0, Math.min(...taken.map((column) => Math.floor(roomOf(column) / claim[column]))));
  return { total: fit((column) => room[column] ?? Infinity), available: fit((column) => (room[column] ?? Infinity) - room[`reserved_${column}`]) };
}
