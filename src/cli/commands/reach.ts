/** `reach`: whether packets get from one end to another, and what stops them. */
import { exitCodes } from "../command-error.ts";
import { askControlPlane } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { countPackets } from "../reach/count-packets.ts";
import { probePort } from "../reach/probe-port.ts";
import { parseQuestion } from "../reach/question.ts";
import { reportHops, type CountedHop, type EndReport, type ReachReport } from "../reach/reach-report.ts";
import { renderTable } from "../terminal.ts";

interface ReachOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly protocol?: string;
  readonly ipv6?: boolean;
}

export async function reach(from: string, to: string, options: ReachOptions): Promise<void> {
  const { protocol, ipv6 } = options;
  parseQuestion({ from, to, protocol, ipv6 }); // what no control plane could answer is refused whether or not one runs
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const words = new URLSearchParams({ from, to, ...(protocol === undefined ? {} : { protocol }), ...(ipv6 === true ? { ipv6: "" } : {}) });
  const asked = await askControlPlane<ReachReport>(current, { method: "GET", path: `/v1/reach?${words.toString()}`, timeoutMs: 60_000 });
  const { simulated, runDirectory } = current.installation;
  const counted = { ...asked, hops: await countPackets(runDirectory, asked.hops) }; // before the probe, whose own packets count too
  const report = reportHops(counted, simulated ? counted.hops : await probePort(counted));
  process.stdout.write(`${options.json === true ? JSON.stringify(report, undefined, 2) : renderReach(report)}\n`);
  if (report.outcome === "stopped") process.exitCode = exitCodes.failed;
}

export function renderReach(report: ReachReport): string {
  const { from, to, protocol, port, hops } = report;
  const rows = hops.map((hop) => [hopText(hop), hop.verdict, hop.at, hop.rule ?? "", hop.packets === undefined ? "" : String(hop.packets), hop.reason]);
  const absent = [...new Set(hops.flatMap((hop) => (hop.uncounted === undefined ? [] : [`${hopText(hop)}: ${hop.uncounted}`])))];
  return [
    renderTable([
      ["from", renderEnd(from)],
      ["to", `${renderEnd(to)}, ${protocol}${port === undefined ? " echo" : ` ${port}`}`],
    ]),
    "",
    renderTable([["HOP", "PACKET", "AT", "RULE", "COUNTED", "WHY"], ...rows]),
    "",
    renderOutcome(report),
    ...(hops.some(({ packets }) => packets !== undefined) ? ["COUNTED: packets of everybody that the rule has decided about on that host since it was loaded; groups decide until a connection's first answer."] : []),
    ...(absent.length === 0 ? [] : [`Not counted: ${absent.join("; ")}.`]),
  ].join("\n");
}

function renderEnd({ interface: nic, instance, address, publicAddress }: EndReport): string {
  if (nic === undefined) return address ?? "the internet";
  return [...(instance === undefined ? [] : [instance]), nic, ...(address === undefined ? [] : [address]), ...(publicAddress === undefined ? [] : [`public ${publicAddress}`])].join(", ");
}

function renderOutcome({ outcome, stoppedBy, hops }: ReachReport): string {
  const stop = stoppedBy === undefined ? undefined : hops[stoppedBy];
  if (stop !== undefined) return `Stopped: ${describe(stop)}`;
  const doubts = hops.filter(({ verdict, hop }) => verdict === "unknown" && (outcome === "unknown" || hop === "port")).map(describe);
  const all = outcome === "passes" ? "No rule stops it." : "No rule that is known stops it.";
  return doubts.length === 0 ? all : `${all} Not known: ${doubts.join("; ")}`;
}

function describe(hop: CountedHop): string {
  const { at, rule, reason } = hop;
  return `${hopText(hop)}, ${at}${rule === undefined ? "" : ` ${rule}`}: ${reason}`;
}

function hopText({ hop }: CountedHop): string {
  return hop.replaceAll("-", " ").replace("acl", "ACL");
}
