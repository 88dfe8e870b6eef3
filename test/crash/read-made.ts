/** What a sweep's acts have made besides instances and volumes. */
import { toConnectEndpointState } from "../../src/network/connect-endpoint.ts";
import { toNatGatewayState } from "../../src/network/nat-gateway.ts";
import { toEndpointState } from "../../src/network/vpc-endpoint.ts";
import type { Tx } from "../../src/store/store.ts";

/** Kinds and states, in the order of their letters; absent when there is nothing. */
export async function readMade(tx: Tx): Promise<{ readonly made?: string }> {
  const images = await tx.db.selectFrom("images").select("state").where("local_name", "is", null).where("image_type", "=", "machine").execute();
  const snapshots = await tx.db.selectFrom("snapshots").select(["want", "observed_state"]).where("origin", "!=", "file").execute();
  const gateways = await tx.db.selectFrom("nat_gateways").selectAll().execute();
  const endpoints = await tx.db.selectFrom("vpc_endpoints").selectAll().execute();
  const connectEndpoints = await tx.db.selectFrom("instance_connect_endpoints").selectAll().execute();
  const reservations = await tx.db.selectFrom("capacity_reservations").select("state").execute();
  const free = await tx.db.selectFrom("capacity_slots").innerJoin("hosts", "hosts.id", "host_id").select("number").where("instance_id", "is", null).where("draining", "=", 0).execute();
  const states = [
    ...endpoints.map((row) => `vpc-endpoint ${toEndpointState(row)}`),
    ...connectEndpoints.map((row) => `connect-endpoint ${toConnectEndpointState(row)}${row.preserve_client_ip === 1 ? " preserving" : ""}`),
    ...images.map((row) => `image ${row.state}`),
    ...gateways.map((row) => `nat-gateway ${toNatGatewayState(row)}`),
    ...snapshots.map((row) => `snapshot ${row.want} ${row.observed_state}`),
    ...reservations.map((row) => `capacity-reservation ${row.state} ${free.length} free`),
  ];
  return states.length === 0 ? {} : { made: states.toSorted().join(", ") };
}
