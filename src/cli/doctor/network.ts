/** Whether the installation's address blocks are free, and whether guests will have names resolved. */
import { readFileSync } from "node:fs";
import { cidrsOverlap, formatCidr, parseCidr } from "../../base/ipv4.ts";
import { readRoutes, type Route } from "../free-block.ts";
import { listOwnAddresses, remoteUrl } from "../remote-address.ts";
import { readResolvers } from "../resolvers.ts";
import { type Check, no, yes } from "./check.ts";

export interface Networks {
  readonly id: string;
  readonly publicPool: string;
  readonly underlay: string;
  readonly port: number;
  readonly listen?: string | undefined;
}

export function networkChecks(networks: Networks | undefined): readonly Check[] {
  const own = networks === undefined ? [yes("addresses", "chosen at the first `up`")] : conflictChecks(networks, readRoutes());
  return [...own, ...(networks?.listen === undefined ? [] : [listenCheck(networks.listen, networks.port)]), forwardingCheck(), resolverCheck(readResolvers())];
}

/** The blocks of an installation against the machine's routes; those over its own device do not count. */
export function conflictChecks(networks: Pick<Networks, "id" | "publicPool" | "underlay">, routes: readonly Route[]): readonly Check[] {
  const foreign = routes.filter((route) => route.device !== `hy${networks.id}`);
  const blocks = { "public addresses": networks.publicPool, "underlay network": networks.underlay };
  return Object.entries(blocks).map(([name, text]) => {
    const block = parseCidr(text);
    const conflict = block === undefined ? undefined : foreign.find((route) => cidrsOverlap(route, block));
    if (conflict === undefined) return yes(name, text);
    return no(name, `${text} overlaps the route ${formatCidr(conflict)} over ${conflict.device}`, "Remove that route, end the other installation, or start a new one with --data DIR");
  });
}

function listenCheck(address: string, port: number): Check {
  if (listOwnAddresses().includes(address)) return yes("other machines", `reach the API at ${remoteUrl(address, port)}`, false);
  return no("other machines", `cannot reach the API: this machine does not have the address ${address}`, "Give it the address, or the installation another: ./hostelry up --listen ADDRESS", false);
}

function forwardingCheck(): Check {
  const on = readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim() === "1";
  return yes("forwarding", on ? "on" : "off; `up` turns it on");
}

function resolverCheck(resolvers: readonly string[]): Check {
  if (resolvers.length > 0) return yes("DNS resolvers", `${resolvers.join(", ")}: guests' questions for public names go there`, false);
  return no("DNS resolvers", "this machine asks none that guests could reach", "Name a server that is not on the loopback in /etc/resolv.conf; until then guests resolve only private names", false);
}
