/** `control-plane`: the background process that serves the API; in a simulated installation with all hosts in it. */
import { mkdirSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { ipv6PoolOf } from "../../base/ipv6.ts";
import { notRunning } from "../command-error.ts";
import { runControlPlane } from "../control-plane.ts";
import { findInstallation, replaceTopology } from "../installation.ts";
import { endSignal, processLog } from "../process-log.ts";
import type { Topology } from "../topology.ts";
import { programVersion, protocolVersion } from "../version.ts";

export async function controlPlane(dataDirectory: string): Promise<void> {
  const log = processLog("control-plane");
  const signal = endSignal();
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) throw notRunning(dataDirectory);
  const { runDirectory, port, listen, openAccounts, publicPool, topology, underlay, simulated } = installation;
  const version = programVersion();
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  const saveTopology = (changed: Topology) => replaceTopology(dataDirectory, changed);
  const { url, closed, store, desk, topology: topologyDesk, snapshots } = await runControlPlane({ dataDirectory, runDirectory, port, listen, openAccounts, publicPool, ipv6Pool: ipv6PoolOf(installation.id), topology, saveTopology, underlay, simulated, ...(simulated ? {} : { joining: { installation: installation.id, version: protocolVersion() } }), version, log, signal });
  log.info("the control plane answers", { url });
  if (simulated) await (await import("../simulated-hosts.ts")).startSimulatedHosts({ installation: installation.id, topology: topologyDesk, store, desk, snapshots, log, signal });
  flushCompileCache(); // it may well be killed rather than end
  await closed;
  process.exit(0); // nothing that is still open may hold a process that has left
}
