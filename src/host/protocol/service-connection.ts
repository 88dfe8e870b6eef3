/**
 * A guest's connection to one of the installation's services, as its host's agent brings it to the control plane: an HTTP request that is upgraded, so that it
 * takes the agent's own way. What the agent says of the connection is in the request, which no guest ever sees.
 */
import { isId, type InterfaceId } from "../../base/ids.ts";
import { parseIpv4 } from "../../base/ipv4.ts";

export interface ServiceConnection {
  /** The guest's address as the host sees it: a private one at an endpoint's interface, else a public one. */
  readonly address: string;
  /** The endpoint's interface that the guest has asked; absent: the service's public address. */
  readonly endpointInterface: InterfaceId | undefined;
  /** The guest speaks TLS. */
  readonly secure: boolean;
}

/** At which every service answers. */
export const servicePorts = { plain: 80, secure: 443 } as const;

/** What the request asks to be upgraded to. */
export const serviceUpgrade = "hostelry-service";

export function serviceConnectionPath(hostId: string, { address, endpointInterface, secure }: ServiceConnection): string {
  const words = new URLSearchParams({ address, ...(endpointInterface === undefined ? {} : { interface: endpointInterface }), secure: secure ? "1" : "0" });
  return `/v1/hosts/${hostId}/service-connections?${words.toString()}`;
}

/** Undefined for any other request. */
export function parseServiceConnection(target: string): ServiceConnection | undefined {
  const { pathname, searchParams: words } = new URL(target, "http://control.invalid");
  const [address, named, secure] = [words.get("address") ?? "", words.get("interface") ?? undefined, words.get("secure")];
  if (!/^\/v1\/hosts\/[^/]+\/service-connections$/.test(pathname) || parseIpv4(address) === undefined) return undefined;
  if (named !== undefined && !isId("networkInterface", named)) return undefined;
  return { address, endpointInterface: named, secure: secure === "1" };
}
