/** `agent`: the background process of one host or storage node, started inside its network namespace. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { openHostParts, openStorageParts } from "../../host/agent/real-parts.ts";
import { runAgent } from "../../host/agent/run-agent.ts";
import { underlayDevice } from "../../host/network/names.ts";
import { CommandError, notRunning } from "../command-error.ts";
import { controlSocket } from "../control-client.ts";
import { findInstallation } from "../installation.ts";
import { isPoweredOff, powerCycles } from "../power.ts";
import { endSignal, processLog } from "../process-log.ts";
import { readResolvers } from "../resolvers.ts";
import { findProbeKernel } from "../probe-kernel.ts";
import { programVersion } from "../version.ts";

export async function agent(dataDirectory: string, node: string): Promise<void> {
  const log = processLog(`agent-${node}`);
  const signal = endSignal();
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) throw notRunning(dataDirectory);
  if (isPoweredOff(dataDirectory, node)) throw new CommandError(`${node} is switched off.`, { remedy: `./hostelry host repair ${node}` });
  const { id, runDirectory, topology } = installation;
  const zones = topology.regions.flatMap((region) => region.zones);
  const storage = zones.find((zone) => zone.storageNode.id === node)?.storageNode;
  if (storage === undefined && !zones.some((zone) => zone.hosts.some((host) => host.id === node))) {
    throw new CommandError(`The topology has no host or storage node ${node}.`);
  }
  const imagesDirectory = join(dataDirectory, "images");
  const own = { hostId: node, powerCycles: powerCycles(dataDirectory, node), installation: id, dataDirectory, runDirectory, imagesDirectory };
  const tools = { clock: systemClock, random: systemRandom, log };
  const common = { ...own, ...tools, controlSocket: controlSocket(runDirectory), version: programVersion(), opened: flushCompileCache, signal };
  if (storage !== undefined) {
    await runAgent({ ...common, parts: openStorageParts({ ...own, underlayAddress: storage.underlayAddress, snapshotsDirectory: join(dataDirectory, "snapshots"), log }) });
  } else {
    const { parts, probe } = await openHostParts({ ...own, ...tools, underlayDevice, resolvers: readResolvers(), findProbeKernel: () => findProbeKernel(imagesDirectory) });
    await runAgent({ ...common, parts, probe });
  }
  process.exit(0); // nothing that is still open may hold a process that has left
}
