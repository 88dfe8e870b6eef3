/**
 * What a connection from this machine to a guest's public address, or to one of IPv6, finds out of a port: a real packet on a real way, but this
 * machine's own. It is let through by the rules that let this machine through, which may not be those of the question.
 */
import { connect } from "node:net";
import { isIpv6Text } from "../../base/ipv6.ts";
import type { CountedHop, ReachReport } from "./reach-report.ts";

const timeoutMs = 2_000;

/** The hop of the port as far as this machine can tell; the others as they are. */
export async function probePort({ to, protocol, port, hops }: ReachReport): Promise<readonly CountedHop[]> {
  const address = to.publicAddress ?? (to.interface !== undefined && isIpv6Text(to.address ?? "") ? to.address : undefined);
  if (protocol !== "tcp" || port === undefined || address === undefined) return hops;
  return Promise.all(hops.map(async (hop) => (hop.hop === "port" ? { ...hop, ...(await probe(address, port)) } : hop)));
}

async function probe(address: string, port: number): Promise<Pick<CountedHop, "verdict" | "reason">> {
  const found = await tryConnection(address, port);
  switch (found) {
    case "open":
      return { verdict: "passes", reason: `this machine could connect to it, at ${address}` };
    case "refused":
      return { verdict: "stops", reason: `the guest refused this machine's connection to ${address}: nothing listens` };
    case "silent":
      return { verdict: "unknown", reason: `this machine got no answer at ${address}, which its own rules may explain; nothing else can be seen from outside the guest` };
  }
}

function tryConnection(host: string, port: number): Promise<"open" | "refused" | "silent"> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (found: "open" | "refused" | "silent") => {
      socket.destroy();
      resolve(found);
    };
    socket.once("connect", () => settle("open"));
    socket.once("timeout", () => settle("silent"));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code === "ECONNREFUSED" ? "refused" : "silent"));
  });
}
