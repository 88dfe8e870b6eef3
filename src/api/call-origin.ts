/**
 * How a call came here, when it came by way of a guest's host: what the host says of the connection, which no guest can say for itself. A call by way of an
 * endpoint is for the endpoint's service only, and the endpoint's policy has a say about it (facts §7.11).
 */
import { serviceUnavailable, wrongEndpointService } from "../base/api-error.ts";
import type { EndpointId, InterfaceId, VpcId } from "../base/ids.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export interface CallOrigin {
  /** The guest's private address when it came by an endpoint, else the public one that stands for it. */
  readonly sourceAddress: string;
  /** By TLS. */
  readonly secure: boolean;
  /** The endpoint's interface that the guest has asked. */
  readonly endpointInterface: InterfaceId | undefined;
}

/** The endpoint that a call came by. */
export interface CalledEndpoint {
  readonly id: EndpointId;
  readonly vpcId: VpcId;
  /** Null: it allows everything. */
  readonly policy: string | null;
}

/** The endpoint as it is now. Fails when there is none any more, and when the call is for another service or region. */
export async function requireCalledEndpoint(tx: Tx, interfaceId: InterfaceId, called: { readonly service: string; readonly region: string }): Promise<CalledEndpoint> {
  const [row] = await selectEndpoint(tx, { interfaceId });
  if (row === undefined) throw serviceUnavailable();
  if (row.service !== called.service || row.region !== called.region) throw wrongEndpointService(row.service, row.region);
  return { id: row.id, vpcId: row.vpc_id, policy: row.policy };
}

const selectEndpoint = prepare((db, { interfaceId }: { interfaceId: InterfaceId }) =>
  db
    .selectFrom("network_interfaces")
    .innerJoin("vpc_endpoints", "vpc_endpoints.id", "network_interfaces.vpc_endpoint_id")
    .select(["vpc_endpoints.id", "vpc_endpoints.vpc_id", "vpc_endpoints.region", "service", "policy"])
    .where("network_interfaces.id", "=", interfaceId)
    .where("want", "=", "present"),
);
