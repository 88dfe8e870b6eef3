/** A VPC as `reach` looks at it: what its hosts are told, the ids behind that, and how far the hosts are. */
import type { InstanceId, InterfaceId, SubnetId, VpcId } from "../../base/ids.ts";
import { isBlockText } from "../../base/ipv6.ts";
import { toInstanceState } from "../../compute/instance-state.ts";
import { canonicalJson } from "../../host/protocol/generation.ts";
import type { HostDescription } from "../../host/protocol/report.ts";
import type { PlacedInterface, VpcSpecification } from "../../host/protocol/specification.ts";
import type { HostView, InterfaceEnd, SubnetView, VpcView } from "../../network/reach/hop.ts";
import type { Packet } from "../../network/reach/packet.ts";
import { readAclChoice, readTableChoice } from "../../network/subnet-choices.ts";
import { narrowToHost, toVpcSpecification } from "../../network/vpc-specification.ts";
import { isHeard } from "../../placement/heard.ts";
import type { Tx } from "../../store/store.ts";
import type { HostRow } from "../../store/tables.ts";

export interface SeenVpc {
  /** With its first address of the family unless another one is named; undefined when the VPC has no such interface, or this no address of the family. */
  endOf(id: string, family: Pick<Packet, "ipv6">, address?: string): InterfaceEnd | undefined;
}

export async function readVpc(tx: Tx, id: VpcId, now: number): Promise<SeenVpc> {
  const row = await tx.db.selectFrom("vpcs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const specification = await toVpcSpecification(tx, { ...row, network_identifier: row.network_identifier ?? 0 });
  const view: VpcView = { specification, subnets: await readSubnetViews(tx, specification) };
  const instances = await readInstances(tx, id);
  const hosts = await readHosts(tx, specification, now);
  return {
    endOf: (nicId, family, wanted) => {
      const nic = specification.interfaces.find((each) => each.id === nicId);
      const subnet = specification.subnets.find((each) => each.id === nic?.subnet);
      const address = wanted ?? (family.ipv6 === true ? nic?.ipv6Addresses?.find((each) => !isBlockText(each)) : nic?.privateAddresses[0]);
      if (nic === undefined || subnet === undefined || address === undefined) return undefined;
      return { kind: "interface", nic, subnet, vpc: view, ...addressesOf(nic, address), ...instances.get(nic.id), ...hostOf(nic, hosts) };
    },
  };
}

function addressesOf(nic: PlacedInterface, address: string): Pick<InterfaceEnd, "address" | "publicAddress"> {
  const publicAddress = nic.publicAddresses[address];
  return { address, ...(publicAddress === undefined ? {} : { publicAddress }) };
}

function hostOf({ hostAddress }: PlacedInterface, hosts: ReadonlyMap<string, HostView>): Pick<InterfaceEnd, "host"> {
  const host = hostAddress === undefined ? undefined : hosts.get(hostAddress);
  return host === undefined ? {} : { host };
}

async function readSubnetViews(tx: Tx, { id, subnets }: VpcSpecification): Promise<ReadonlyMap<SubnetId, SubnetView>> {
  const [tableOf, aclOf] = [await readTableChoice(tx, id), await readAclChoice(tx, id)];
  const routes = await tx.db.selectFrom("routes").selectAll().where("route_table_id", "in", [...new Set(subnets.map((subnet) => tableOf(subnet.id)))]).execute();
  const byTable = Map.groupBy(routes, (route) => route.route_table_id);
  const targetsOf = (table: string) => new Map((byTable.get(table) ?? []).map((route) => [route.destination, route.target_id]));
  return new Map(subnets.map((subnet) => [subnet.id, { routeTable: tableOf(subnet.id), targets: targetsOf(tableOf(subnet.id)), acl: aclOf(subnet.id) }]));
}

async function readInstances(tx: Tx, vpcId: VpcId): Promise<ReadonlyMap<InterfaceId, { readonly instance: { readonly id: InstanceId; readonly state: string } }>> {
  const rows = await tx.db
    .selectFrom("network_interfaces")
    .innerJoin("instances", "instances.id", "network_interfaces.instance_id")
    .selectAll("instances")
    .select("network_interfaces.id as interface_id")
    .where("network_interfaces.vpc_id", "=", vpcId)
    .execute();
  return new Map(rows.map((row) => [row.interface_id, { instance: { id: row.id, state: toInstanceState(row) } }]));
}

/** By their underlay addresses, those that have interfaces of the VPC. */
async function readHosts(tx: Tx, specification: VpcSpecification, now: number): Promise<ReadonlyMap<string, HostView>> {
  const addresses = [...new Set(specification.interfaces.flatMap(({ hostAddress }) => hostAddress ?? []))];
  if (addresses.length === 0) return new Map();
  const rows = await tx.db.selectFrom("hosts").selectAll().where("underlay_address", "in", addresses).execute();
  const views = await Promise.all(rows.map(async (row): Promise<[string, HostView]> => [row.underlay_address, await readHost(tx, row, specification, now)]));
  return new Map(views);
}

async function readHost(tx: Tx, row: HostRow, specification: VpcSpecification, now: number): Promise<HostView> {
  const simulated = isSimulated(row);
  const concern = simulated ? undefined : await findConcern(tx, row, specification, now);
  return { id: row.id, simulated, ...(concern === undefined ? {} : { concern }) };
}

function isSimulated({ description }: HostRow): boolean {
  if (description === null) return false;
  const { engines } = JSON.parse(description) as HostDescription; // written from a parsed arrival
  return Object.values(engines).every(({ engine }) => engine === "simulated");
}

/** Why the host may not do yet what the rows say. */
async function findConcern(tx: Tx, host: HostRow, specification: VpcSpecification, now: number): Promise<string | undefined> {
  const { id: vpcId } = specification;
  const told = await tx.db.selectFrom("specifications").select(["generation", "body"]).where("kind", "=", "vpc").where("id", "=", vpcId).where("host_id", "=", host.id).executeTakeFirst();
  const wanted = canonicalJson({ ...narrowToHost(specification, host.underlay_address), generation: undefined });
  if (told?.body !== wanted) return "has not been told of the newest change yet";
  const done = await tx.db.selectFrom("vpc_hosts").selectAll().where("vpc_id", "=", vpcId).where("host_id", "=", host.id).executeTakeFirst();
  if (done?.observed_state !== "applied" || done.observed_generation < told.generation) return "has not yet applied the VPC's newest specification";
  return isHeard(host, now) ? undefined : "has applied the VPC's newest specification, but is silent now";
}
