/** A tunnel that somebody asks an Instance Connect Endpoint for, checked (facts §9.4). */
import { connectEndpointUnready, tunnelArguments } from "../../base/api-error.ts";
import { isId, type ConnectEndpointId, type InterfaceId, type VpcId } from "../../base/ids.ts";
import { parseIpv4 } from "../../base/ipv4.ts";
import { isUsable, listConnectInterfaces, toConnectEndpointState } from "../../network/connect-endpoint.ts";
import { listVpcCidrs } from "../../network/vpc-cidrs.ts";
import type { Tx } from "../../store/store.ts";
import { tunnelPorts } from "../host-streams.ts";
import { toInstanceState } from "../instance-state.ts";
import { requireOwnedRow, type Owner } from "../owned-rows.ts";

/** As the query of a tunnel's address says it. */
export interface TunnelRequest {
  readonly instanceConnectEndpointId?: string | undefined;
  readonly remotePort?: string | undefined;
  readonly privateIpAddress?: string | undefined;
  readonly maxTunnelDuration?: string | undefined;
}

export interface Tunnel {
  readonly endpoint: ConnectEndpointId;
  readonly endpointInterface: InterfaceId;
  readonly hostId: string;
  /** Of the instance: another one after each start. */
  readonly run: number;
  readonly address: string;
  readonly port: number;
  readonly longestMs: number;
  readonly instanceType: string;
  /** The VPC's blocks, when the guest is to see the client's own address (`client-address.ts`); absent: it sees the endpoint's. */
  readonly preservesAgainst?: readonly string[];
}

const longestSeconds = 3_600;

/** Fails with a sentence for whoever asked. */
export async function findTunnel(tx: Tx, owner: Owner, request: TunnelRequest): Promise<Tunnel> {
  const { instanceConnectEndpointId: id = "", remotePort = "", privateIpAddress: address = "", maxTunnelDuration: duration = String(longestSeconds) } = request;
  if (!isId("instanceConnectEndpoint", id)) throw tunnelArguments("instanceConnectEndpointId must be the id of an Instance Connect Endpoint.");
  if (!tunnelPorts.map(String).includes(remotePort)) throw tunnelArguments(`remotePort must be one of ${tunnelPorts.join(", ")}.`);
  if (parseIpv4(address) === undefined) throw tunnelArguments("privateIpAddress must be an IPv4 address.");
  if (!/^[1-9]\d{0,3}$/.test(duration) || Number(duration) > longestSeconds) throw tunnelArguments(`maxTunnelDuration must be from 1 to ${longestSeconds} seconds.`);
  const row = await requireOwnedRow(tx, "instance_connect_endpoints", owner, id);
  const [nic] = await listConnectInterfaces(tx, [row.id]);
  if (!isUsable(row) || nic === undefined) throw connectEndpointUnready(id, toConnectEndpointState(row));
  const guest = await findGuestOf(tx, row.vpc_id, address);
  if (guest === undefined) throw tunnelArguments(`No running instance of the VPC ${row.vpc_id} has the private address ${address}.`);
  const tunnel = { endpoint: row.id, endpointInterface: nic.id, ...guest, address, port: Number(remotePort), longestMs: Number(duration) * 1_000 };
  if (row.preserve_client_ip === 0) return tunnel;
  const vpc = await tx.db.selectFrom("vpcs").select(["id", "cidr"]).where("id", "=", row.vpc_id).executeTakeFirstOrThrow();
  return { ...tunnel, preservesAgainst: await listVpcCidrs(tx, vpc) };
}

/** The running guest that has the address in the VPC, as its interface's first one or another. */
async function findGuestOf(tx: Tx, vpcId: VpcId, address: string): Promise<Pick<Tunnel, "hostId" | "run" | "instanceType"> | undefined> {
  const rows = await tx.db
    .selectFrom("network_interfaces")
    .innerJoin("instances", "instances.id", "network_interfaces.instance_id")
    .leftJoin("interface_addresses", "interface_addresses.interface_id", "network_interfaces.id")
    .selectAll("instances")
    .where("network_interfaces.vpc_id", "=", vpcId)
    .where(({ eb, or }) => or([eb("network_interfaces.private_address", "=", address), eb("interface_addresses.address", "=", address)]))
    .execute();
  const found = rows.find((row) => toInstanceState(row) === "running");
  return found === undefined || found.host_id === null ? undefined : { hostId: found.host_id, run: found.run, instanceType: found.instance_type };
}
