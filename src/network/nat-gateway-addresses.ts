/**
 * Further addresses of NAT gateways (facts §7.3): secondary addresses of the gateway's own interface, of a public one each with an Elastic IP address.
 * Its host spreads connections over all of them. The first address stays as long as the gateway.
 */
import { invalidParameterValue, limitExceeded, natGatewayAddressTaken } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import type { ElasticIpRow, NatGatewayRow, NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { associate } from "./elastic-ip.ts";
import { assignSecondary, listSecondaryAddresses, requireFreeSecondary, unassignSecondary, type SecondaryRequest } from "./interface-addresses.ts";
import { toNatGatewayState } from "./nat-gateway.ts";

/** In all, the first one too. */
const limits = { public: 2, private: 8 } as const;

/** Addresses to add; with Elastic IP addresses as many as there are of these. */
export interface FurtherAddresses extends SecondaryRequest {
  readonly elasticIps: readonly ElasticIpRow[];
}

/** Fails unless the gateway is of the kind and there, and so is its interface. */
export async function requireInterfaceOf(tx: Tx, gateway: NatGatewayRow, connectivity: NatGatewayRow["connectivity"]): Promise<NetworkInterfaceRow> {
  if (gateway.connectivity !== connectivity) throw invalidParameterValue(`The NAT gateway ${gateway.id} is not ${connectivity}`);
  const state = toNatGatewayState(gateway);
  const nic = await tx.db.selectFrom("network_interfaces").selectAll().where("nat_gateway_id", "=", gateway.id).executeTakeFirst();
  if ((state !== "pending" && state !== "available") || nic === undefined) throw invalidParameterValue(`The NAT gateway ${gateway.id} is ${state}`);
  return nic;
}

/** Fails unless so many more addresses can be added; `standing`: how many the gateway has. */
export async function requireAddable(tx: Tx, connectivity: NatGatewayRow["connectivity"], standing: number, subnet: SubnetRow, { addresses, count, elasticIps }: FurtherAddresses): Promise<void> {
  await requireFreeSecondary(tx, subnet, addresses);
  const taken = elasticIps.find((row) => row.association_id !== null);
  if (taken !== undefined) throw natGatewayAddressTaken(taken.id);
  if (connectivity === "public" && addresses.length > elasticIps.length) throw invalidParameterValue("There must be an Elastic IP address for each private address.");
  const most = limits[connectivity];
  if (standing + Math.max(addresses.length + count, elasticIps.length) > most) throw limitExceeded("AddressLimitExceeded", `A ${connectivity} NAT gateway cannot have more than ${most} addresses.`);
}

export async function countAddresses(tx: Tx, nic: NetworkInterfaceRow): Promise<number> {
  return 1 + (await listSecondaryAddresses(tx, nic.id)).length;
}

export async function addAddresses(tx: Tx, nic: NetworkInterfaceRow, subnet: SubnetRow, { addresses, count, elasticIps }: FurtherAddresses, random: Random, now: number): Promise<void> {
  const free = Math.max(count, elasticIps.length - addresses.length);
  const assigned = await assignSecondary(tx, nic, subnet, { addresses, count: free }, random, now);
  for (const [position, elasticIp] of elasticIps.entries()) {
    const privateAddress = assigned[position];
    if (privateAddress !== undefined) await associate(tx, elasticIp, { nic, privateAddress }, random, now);
  }
}

/** The private addresses that associations of the gateway's stand for. Fails for unknown ones, and for the first address. */
export async function requireAssociated(tx: Tx, nic: NetworkInterfaceRow, associations: readonly string[]): Promise<string[]> {
  const rows = await tx.db.selectFrom("elastic_ips").select(["association_id", "private_address"]).where("interface_id", "=", nic.id).execute();
  return associations.map((id) => {
    const address = rows.find((row) => row.association_id === id)?.private_address ?? undefined;
    if (address === undefined) throw invalidParameterValue(`The association ${id} is not one of the NAT gateway's`);
    if (address === nic.private_address) throw invalidParameterValue(`The association ${id} is the NAT gateway's primary one, which cannot be removed`);
    return address;
  });
}

/** Open connections through them end. Elastic IP addresses stay the account's. */
export async function removeAddresses(tx: Tx, nic: NetworkInterfaceRow, addresses: readonly string[], now: number): Promise<void> {
  await unassignSecondary(tx, nic, addresses, now);
}
