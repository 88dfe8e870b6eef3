/** `control-plane`: the background process that serves the API; in a simulated installation with all hosts in it. */
import { mkdirSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { ipv6PoolOf } from "../../base/ipv6.ts";
import { notRunning } from "../command-error.ts";
import { runControlPlane } from "../control-plane.ts";
import { findInstallation } from "../installation.ts";
import { endSignal, processLog } from "../process-log.ts";
import { programVersion } from "../version.ts";

export async function controlPlane(dataDirectory: string): Promise<void> {
  const log = processLog("control-plane");
  const signal = endSignal();
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) throw notRunning(dataDirectory);
  const { runDirectory, port, openAccounts, publicPool, topology, simulated } = installation;
  const version = programVersion();
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  const { url, closed, store, desk, snapshots } = await runControlPlane({ dataDirectory, runDirectory, port, openAccounts, publicPool, ipv6Pool: ipv6PoolOf(installation.id), topology, simulated, version, log, signal });
  log.info("the control plane answers", { url });
  if (simulated) await (await import("../simulated-hosts.ts")).startSimulatedHosts({ installation, store, desk, snapshots, log, signal });
  flushCompileCache(); // it may well be killed rather than end
  await closed;
  process.exit(0); // nothing that is still open may hold a process that has left
}
