/** What CreateVpcEndpoint and ModifyVpcEndpoint ask for, checked against the VPC and what is in it (facts §7.11). */
import { endpointTypeMismatch, endpointServiceNotFound, endpointZoneTaken, invalidEndpointPolicy, invalidEndpointType, invalidParameter, invalidParameterCombination, isApiError, limitExceeded, missingParameter, onlyForEndpointType, unsupportedRequest } from "../base/api-error.ts";
import { findEndpointService, type EndpointService, type EndpointType } from "../base/endpoint-services.ts";
import type { Random } from "../base/random.ts";
import { parsePolicy } from "../iam/policy/parse-policy.ts";
import { choosePrivateAddress } from "../network/address.ts";
import type { RouteTableRow } from "../network/route-table.ts";
import { endpointGroups, listEndpointInterfaces, listEndpointTables, requireNewTable, requirePrivateDns, type EndpointChange, type EndpointPlace, type EndpointPlan } from "../network/vpc-endpoint.ts";
import type { VpcEndpointRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import type { ActionInput } from "../wire/action-types.ts";
import { chooseGroups } from "./launch-network.ts";
import { ownedRows, requireOwnedRow, type Owner } from "./owned-rows.ts";

type CreateRequest = ActionInput<"ec2", "CreateVpcEndpoint">;
type ModifyRequest = ActionInput<"ec2", "ModifyVpcEndpoint">;
type CommonRequest = Pick<CreateRequest, "IpAddressType" | "DnsOptions">;

/** Of gateway endpoints in a region, and of interface endpoints in a VPC. */
const limits: Readonly<Record<EndpointType, number>> = { Gateway: 20, Interface: 50 };
const longestPolicy = 20_480;

export async function planEndpoint(tx: Tx, owner: Owner, request: CreateRequest, random: Random): Promise<EndpointPlan> {
  const service = requireService(owner, request);
  refuseUnsupported(request);
  const { VpcId: vpcId = "", RouteTableIds: tableIds = [], SubnetIds: subnetIds = [], SubnetConfigurations: configurations = [], SecurityGroupIds: groupIds = [] } = request;
  refuseMisplaced(service.type, { tables: tableIds, subnets: [...subnetIds, ...configurations], groups: groupIds, privateDns: request.PrivateDnsEnabled });
  const vpc = await requireOwnedRow(tx, "vpcs", owner, vpcId);
  await requireRoom(tx, vpc, service.type);
  const policy = parseEndpointPolicy(request.PolicyDocument);
  const plan = { vpc, service, policy };
  if (service.type === "Gateway") {
    return { ...plan, tables: await requireTables(tx, owner, vpc, service.name, tableIds), places: [], groupIds: [], privateDns: false };
  }
  const privateDns = request.PrivateDnsEnabled ?? true;
  if (privateDns) await requirePrivateDns(tx, vpc, service.name);
  const places = await requirePlaces(tx, owner, vpc, subnetIds, configurations, [], random);
  return { ...plan, tables: [], places, groupIds: await chooseGroups(tx, vpc.id, groupIds, []), privateDns };
}

export async function planEndpointChange(tx: Tx, owner: Owner, row: VpcEndpointRow, request: ModifyRequest, random: Random): Promise<EndpointChange> {
  refuseUnsupported(request);
  if (row.want === "deleted") throw invalidParameter(`The Vpc Endpoint Id '${row.id}' is being deleted.`);
  const { AddRouteTableIds: addTables = [], RemoveRouteTableIds: removeTables = [], AddSubnetIds: addSubnets = [], RemoveSubnetIds: removeSubnets = [], SubnetConfigurations: configurations = [] } = request;
  const { AddSecurityGroupIds: addGroups = [], RemoveSecurityGroupIds: removeGroups = [], PrivateDnsEnabled: privateDns } = request;
  refuseMisplaced(row.type, { tables: [...addTables, ...removeTables], subnets: [...addSubnets, ...removeSubnets, ...configurations], groups: [...addGroups, ...removeGroups], privateDns });
  const vpc = await requireOwnedRow(tx, "vpcs", owner, row.vpc_id);
  if (privateDns === true) await requirePrivateDns(tx, vpc, row.service, row.id);
  const standing = (await listEndpointInterfaces(tx, [row.id])).filter((nic) => !removeSubnets.includes(nic.subnet_id)); // what goes makes room in its zone
  return {
    ...policyChange(request),
    ...(privateDns === undefined ? {} : { privateDns }),
    ...(addGroups.length + removeGroups.length === 0 ? {} : { groupIds: await changeGroups(tx, row, addGroups, removeGroups) }),
    addTables: await requireTables(tx, owner, vpc, row.service, addTables),
    removeTables: await requireOwnTables(tx, owner, row, removeTables),
    addPlaces: await requirePlaces(tx, owner, vpc, addSubnets, configurations, standing, random),
    removeSubnets: await namedRows(tx, "subnets", owner, removeSubnets),
  };
}

function requireService({ region }: Owner, { ServiceName: name, VpcEndpointType: type = "Gateway" }: CreateRequest): EndpointService {
  if (type !== "Gateway" && type !== "Interface") throw otherTypes.has(type) ? unsupportedRequest("VPC endpoints of this type are not supported yet.") : invalidEndpointType(type);
  if (name === undefined) throw missingParameter("serviceName");
  const service = findEndpointService(region, name);
  if (service === undefined) throw endpointServiceNotFound(name);
  if (service.type !== type) throw endpointTypeMismatch(type, service.type);
  return service;
}

const otherTypes: ReadonlySet<string> = new Set(["GatewayLoadBalancer", "Resource", "ServiceNetwork"]);

function refuseUnsupported({ IpAddressType: family = "ipv4", DnsOptions: dns = {} }: CommonRequest): void {
  if (family !== "ipv4") throw unsupportedRequest("VPC endpoints have IPv4 addresses only, so far.");
  const { DnsRecordIpType: records = "ipv4", PrivateDnsOnlyForInboundResolverEndpoint: onlyInbound = false } = dns;
  if ((records !== "ipv4" && records !== "service-defined") || onlyInbound) throw unsupportedRequest("DNS options of VPC endpoints are not supported yet.");
}

interface TypedMembers {
  readonly tables: readonly unknown[];
  readonly subnets: readonly unknown[];
  readonly groups: readonly unknown[];
  readonly privateDns: boolean | undefined;
}

/** Each type has members that mean nothing for the other. */
function refuseMisplaced(type: EndpointType, { tables, subnets, groups, privateDns }: TypedMembers): void {
  if (type === "Interface" && tables.length > 0) throw onlyForEndpointType("Route table IDs are", "Gateway");
  if (type === "Gateway" && subnets.length > 0) throw onlyForEndpointType("Subnet IDs are", "Interface");
  if (type === "Gateway" && groups.length > 0) throw onlyForEndpointType("Security group IDs are", "Interface");
  if (type === "Gateway" && privateDns === true) throw onlyForEndpointType("Private DNS is", "Interface");
}

async function requireRoom(tx: Tx, vpc: VpcRow, type: EndpointType): Promise<void> {
  const ofType = tx.db.selectFrom("vpc_endpoints").select("id").where("type", "=", type);
  const counted = type === "Interface" ? ofType.where("vpc_id", "=", vpc.id) : ofType.where("account", "=", vpc.account).where("region", "=", vpc.region);
  if ((await counted.execute()).length >= limits[type]) throw limitExceeded("VpcEndpointLimitExceeded", `The maximum number of ${type} VPC endpoints has been reached: ${limits[type]}.`);
}

function parseEndpointPolicy(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (text.length > longestPolicy) throw invalidEndpointPolicy(`it is longer than ${longestPolicy} characters.`);
  try {
    parsePolicy(text, "resource");
  } catch (thrown) {
    if (!isApiError(thrown)) throw thrown;
    throw invalidEndpointPolicy(thrown.message);
  }
  return text;
}

function policyChange({ PolicyDocument: text, ResetPolicy: reset }: ModifyRequest): Pick<EndpointChange, "policy"> {
  if (reset === true && text !== undefined) throw invalidParameterCombination("The parameters ResetPolicy and PolicyDocument cannot be used together");
  if (reset === true) return { policy: null };
  const policy = parseEndpointPolicy(text);
  return policy === undefined ? {} : { policy };
}

async function requireTables(tx: Tx, owner: Owner, vpc: VpcRow, service: string, ids: readonly string[]): Promise<RouteTableRow[]> {
  const tables = await namedRows(tx, "route_tables", owner, ids);
  for (const table of tables) {
    if (table.vpc_id !== vpc.id) throw invalidParameter(`Route table ${table.id} does not belong to VPC ${vpc.id}.`);
    await requireNewTable(tx, vpc, service, table);
  }
  return tables;
}

async function requireOwnTables(tx: Tx, owner: Owner, { id }: VpcEndpointRow, ids: readonly string[]): Promise<RouteTableRow[]> {
  const tables = await namedRows(tx, "route_tables", owner, ids);
  const own = (await listEndpointTables(tx, [id])).get(id) ?? [];
  const foreign = tables.find((table) => !own.includes(table.id));
  if (foreign !== undefined) throw invalidParameter(`Route table ${foreign.id} is not associated with VPC endpoint ${id}.`);
  return tables;
}

/** One in each zone, besides those where the endpoint already is; `configurations` name the addresses that it is to have. */
async function requirePlaces(
  tx: Tx,
  owner: Owner,
  vpc: VpcRow,
  ids: readonly string[],
  configurations: NonNullable<CreateRequest["SubnetConfigurations"]>,
  standing: readonly { readonly zone: string }[],
  random: Random,
): Promise<EndpointPlace[]> {
  if (configurations.some(({ Ipv6: ipv6 }) => ipv6 !== undefined)) throw unsupportedRequest("VPC endpoints have IPv4 addresses only, so far.");
  const subnets = await namedRows(tx, "subnets", owner, [...ids, ...configurations.flatMap(({ SubnetId: id }) => id ?? [])]);
  const zones = new Set(standing.map(({ zone }) => zone));
  const places: EndpointPlace[] = [];
  for (const subnet of subnets) {
    if (subnet.vpc_id !== vpc.id) throw invalidParameter(`Subnet ${subnet.id} does not belong to VPC ${vpc.id}.`);
    if (zones.has(subnet.zone)) throw endpointZoneTaken(subnet.id);
    zones.add(subnet.zone);
    const wanted = configurations.find(({ SubnetId: id }) => id === subnet.id)?.Ipv4;
    places.push({ subnet, privateAddress: await choosePrivateAddress(tx, subnet, wanted, random) });
  }
  return places;
}

async function changeGroups(tx: Tx, row: VpcEndpointRow, add: readonly string[], remove: readonly string[]): Promise<string[]> {
  const before = endpointGroups(row);
  const stranger = remove.find((id) => !before.includes(id));
  if (stranger !== undefined) throw invalidParameter(`Security group ${stranger} is not associated with VPC endpoint ${row.id}.`);
  const after = [...new Set([...before, ...add])].filter((id) => !remove.includes(id));
  if (after.length === 0) throw invalidParameter("A VPC endpoint must have at least one security group.");
  return chooseGroups(tx, row.vpc_id, after, []);
}

/** Unlike `ownedRows`, no ids are no rows. */
async function namedRows<T extends "subnets" | "route_tables">(tx: Tx, table: T, owner: Owner, ids: readonly string[]) {
  return ids.length === 0 ? [] : ownedRows(tx, table, owner, ids);
}
