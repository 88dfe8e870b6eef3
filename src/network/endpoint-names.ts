/**
 * The names of a VPC's endpoints and of its peers', as its resolver is to know them: none where the VPC has no resolver for them (facts §7.8). A service's own
 * name leads to an endpoint in the endpoint's VPC only.
 */
import { endpointHostNames, serviceHostName } from "../base/endpoint-services.ts";
import type { NameSpecification } from "../host/protocol/specification.ts";
import type { VpcRow } from "../store/network-tables.ts";
import { isEmptyTable } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { listPeers } from "./peers.ts";

export async function readEndpointNames(tx: Tx, { id, enable_dns_support: support }: VpcRow): Promise<NameSpecification[]> {
  if (support === 0 || (await isEmptyTable(tx, "vpc_endpoints"))) return [];
  const peers = (await listPeers(tx, id)).map(({ vpcId }) => vpcId);
  const rows = await tx.db
    .selectFrom("vpc_endpoints")
    .innerJoin("network_interfaces", "network_interfaces.vpc_endpoint_id", "vpc_endpoints.id")
    .select(["vpc_endpoints.id", "vpc_endpoints.vpc_id", "vpc_endpoints.region", "service", "private_dns", "zone", "private_address"])
    .where("vpc_endpoints.vpc_id", "in", [id, ...peers])
    .where("want", "=", "present")
    .orderBy("vpc_endpoints.id")
    .orderBy("private_address")
    .execute();
  const named = rows.flatMap((row) => {
    const { all, inZone } = endpointHostNames(row.id, row.region, row.service);
    const names = [all, inZone(row.zone), ...(row.vpc_id === id && row.private_dns === 1 ? [serviceHostName(row.region, row.service)] : [])];
    return names.map((name) => ({ name, address: row.private_address }));
  });
  return Array.from(Map.groupBy(named, ({ name }) => name), ([name, all]) => ({ name, addresses: all.map(({ address }) => address) }));
}
