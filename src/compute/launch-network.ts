/** The network side of a launch: subnet, security groups, addresses, from the request's two ways of saying it (facts §1.5). */
import type { InstanceNetworkInterfaceSpecification, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import {
  groupNameNotFound,
  invalidParameter,
  invalidParameterCombination,
  noDefaultVpc,
  notFound,
  parametersExclude,
  unsupportedRequest,
} from "../base/api-error.ts";
import type { VpcId } from "../base/ids.ts";
import { findRegion } from "../base/regions.ts";
import type { SecurityGroupRow, SubnetRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { inRequestedOrder, requireWellFormed } from "./resources.ts";

export interface LaunchNetwork {
  readonly vpcId: VpcId;
  /** The subnets that the launch may use, one a zone; exactly one when the request names a subnet or zone. */
  readonly subnets: readonly SubnetRow[];
  readonly groupIds: readonly string[];
  readonly privateAddress: string | undefined;
  /** Undefined: as the subnet says. */
  readonly associatePublicAddress: boolean | undefined;
  readonly description: string;
  readonly deleteOnTermination: boolean;
}

interface Owner {
  readonly account: string;
  readonly region: string;
}

export async function planLaunchNetwork(tx: Tx, owner: Owner, input: RunInstancesCommandInput): Promise<LaunchNetwork> {
  const nic = requireOneNewInterface(input);
  const privateAddress = nic?.PrivateIpAddress ?? input.PrivateIpAddress;
  if (privateAddress !== undefined && (input.MaxCount ?? 1) > 1) {
    throw invalidParameterCombination("A private IP address can be specified only when launching a single instance.");
  }
  const subnets = await chooseSubnets(tx, owner, nic?.SubnetId ?? input.SubnetId, input.Placement?.AvailabilityZone);
  const vpcId = subnets[0]?.vpc_id;
  if (vpcId === undefined) throw noDefaultVpc();
  return {
    vpcId,
    subnets,
    groupIds: await chooseGroups(tx, vpcId, nic?.Groups ?? input.SecurityGroupIds ?? [], nic === undefined ? (input.SecurityGroups ?? []) : []),
    privateAddress,
    associatePublicAddress: nic?.AssociatePublicIpAddress,
    description: nic?.Description ?? "",
    deleteOnTermination: nic?.DeleteOnTermination ?? true,
  };
}

/** The one interface that the request describes, if it does. */
function requireOneNewInterface(input: RunInstancesCommandInput): InstanceNetworkInterfaceSpecification | undefined {
  const [nic, ...more] = input.NetworkInterfaces ?? [];
  if (nic === undefined) return undefined;
  if (input.SubnetId !== undefined) throw parametersExclude("networkInterfaces", "subnetId");
  if ((input.SecurityGroupIds ?? input.SecurityGroups ?? []).length > 0) {
    throw invalidParameterCombination("Network interfaces and an instance-level security groups may not be specified on the same request");
  }
  if (input.PrivateIpAddress !== undefined) throw parametersExclude("networkInterfaces", "privateIpAddress");
  if (nic.NetworkInterfaceId !== undefined) throw unsupportedRequest("Launching with an existing network interface is not supported yet.");
  if (more.length > 0) throw unsupportedRequest("Launching with more than one network interface is not supported yet.");
  if ((nic.DeviceIndex ?? 0) !== 0) throw invalidParameter("You must specify a network interface at device index 0.");
  return nic;
}

async function chooseSubnets(tx: Tx, owner: Owner, subnetId: string | undefined, zone: string | undefined): Promise<SubnetRow[]> {
  const mine = tx.db.selectFrom("subnets").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  if (zone !== undefined && !isZoneOf(owner.region, zone)) throw notFound("availabilityZone", zone);
  if (subnetId !== undefined) {
    requireWellFormed("subnet", [subnetId]);
    const rows = await mine.where("id", "=", subnetId as SubnetRow["id"]).execute(); // well-formed
    const subnets = inRequestedOrder("subnet", [subnetId], rows);
    if (zone !== undefined && subnets[0]?.zone !== zone) {
      throw invalidParameterCombination(`The subnet ID '${subnetId}' is not in the Availability Zone '${zone}'.`);
    }
    return subnets;
  }
  const defaults = await mine.where("default_for_az", "=", 1).orderBy("zone").execute();
  const subnets = zone === undefined ? defaults : defaults.filter((subnet) => subnet.zone === zone);
  if (subnets.length === 0) throw noDefaultVpc();
  return subnets;
}

function isZoneOf(region: string, zone: string): boolean {
  return findRegion(region)?.zones.some((letter) => `${region}${letter}` === zone) ?? false;
}

/** The named groups' ids; the VPC's default group when none is named. */
async function chooseGroups(tx: Tx, vpcId: VpcId, ids: readonly string[], names: readonly string[]): Promise<string[]> {
  if (ids.length > 0 && names.length > 0) throw parametersExclude("groupIds", "groupNames");
  const rows = await tx.db.selectFrom("security_groups").selectAll().where("vpc_id", "=", vpcId).execute();
  if (ids.length > 0) {
    requireWellFormed("securityGroup", ids);
    return inRequestedOrder("securityGroup", ids, rows).map((row) => row.id);
  }
  return (names.length > 0 ? names : ["default"]).map((name) => requireGroupNamed(rows, vpcId, name).id);
}

/** Names are unique in a VPC whatever their case (facts §7.6). */
function requireGroupNamed(rows: readonly SecurityGroupRow[], vpcId: string, name: string): SecurityGroupRow {
  const row = rows.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (row === undefined) throw groupNameNotFound(name, vpcId);
  return row;
}
