import type { PlacedInterface } from "../host/protocol/specification.ts";

/** Whether the host has the interface: a machine's or a NAT gateway's that is placed there, and every endpoint's. */
export function isAtHost({ endpoint, connectEndpoint, hostAddress }: PlacedInterface, host: string): boolean {
  return endpoint === true || connectEndpoint === true || hostAddress === host;
}
