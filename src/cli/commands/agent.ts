/** `agent`: the background process of one host or storage node, started inside its network namespace. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { tlsDial, tlsTransport, unixSocketDial, unixSocketTransport, type ControlPlaneTransport, type DialControlPlane } from "../../host/agent/control-plane-transport.ts";
import { imageFetcher, type FetchImage } from "../../host/agent/image-files.ts";
import { openHostParts, openStorageParts } from "../../host/agent/real-parts.ts";
import { runAgent } from "../../host/agent/run-agent.ts";
import { underlayDevice } from "../../host/network/names.ts";
import { isStorageCard } from "../../host/virtual-function/card-names.ts";
import { CommandError, notRunning } from "../command-error.ts";
import { controlSocket } from "../control-client.ts";
import { findInstallation, type Installation } from "../installation.ts";
import { findMembership, readHostKey, type Membership } from "../join/membership.ts";
import { isPoweredOff, powerCycles } from "../power.ts";
import { endSignal, processLog } from "../process-log.ts";
import { readResolvers } from "../resolvers.ts";
import { findProbeKernel } from "../probe-kernel.ts";
import { serviceAddressOf } from "../../host/network/public-pool.ts";
import type { StorageNode } from "../topology.ts";
import { programVersion, protocolVersion } from "../version.ts";

/** Whose agent it is, and how it speaks to the control plane. */
interface Post {
  readonly installation: string;
  readonly runDirectory: string;
  readonly powerCycles: number;
  readonly transport: ControlPlaneTransport;
  readonly dial: DialControlPlane;
  readonly publicPool: string;
  /** The host is a namespace on the installation's own machine. */
  readonly isOnSwitch: boolean;
  /** Of a data centre elsewhere, whose images are not here. */
  readonly fetchImage?: FetchImage;
  /** Of a host: PCI addresses of the machine's accelerators, and devices of its cards, that are its own. */
  readonly accelerators?: readonly string[];
  readonly cards?: readonly string[];
  /** Of a storage node. */
  readonly storage?: StorageNode;
}

export async function agent(dataDirectory: string, node: string): Promise<void> {
  const log = processLog(`agent-${node}`);
  const signal = endSignal();
  const { storage, accelerators = [], cards = [], transport, dial, publicPool, ...post } = findPost(dataDirectory, node);
  const imagesDirectory = imagesDirectoryOf(dataDirectory);
  const own = { ...post, hostId: node, dataDirectory, imagesDirectory };
  const tools = { clock: systemClock, random: systemRandom, log };
  const common = { ...own, ...tools, transport, version: programVersion(), opened: flushCompileCache, signal };
  if (storage !== undefined) {
    await runAgent({ ...common, parts: openStorageParts({ ...own, underlayAddress: storage.underlayAddress, snapshotsDirectory: join(dataDirectory, "snapshots"), log }) });
  } else {
    const { parts, probe, equipment } = await openHostParts({ ...own, ...tools, accelerators, underlayDevice, storageCards: cards.filter(isStorageCard), resolvers: readResolvers(), serviceAddress: serviceAddressOf(publicPool), dial, findProbeKernel: () => findProbeKernel(imagesDirectory) });
    await runAgent({ ...common, parts, probe, equipment });
  }
  process.exit(0); // nothing that is still open may hold a process that has left
}

function findPost(dataDirectory: string, node: string): Post {
  const installation = findInstallation(dataDirectory);
  if (installation !== undefined) return topologyPost(installation, dataDirectory, node);
  const membership = findMembership(dataDirectory);
  if (membership === undefined) throw notRunning(dataDirectory);
  return joinedPost(membership, dataDirectory, node);
}

function topologyPost({ id, runDirectory, topology, publicPool }: Installation, dataDirectory: string, node: string): Post {
  if (isPoweredOff(dataDirectory, node)) throw new CommandError(`${node} is switched off.`, { remedy: `./hostelry host repair ${node}` });
  const zones = topology.regions.flatMap((region) => region.zones);
  const storage = zones.flatMap((zone) => zone.storageNodes).find(({ id: each }) => each === node);
  const host = zones.flatMap(({ hosts }) => hosts).find(({ id }) => id === node);
  if (storage === undefined && host === undefined) {
    throw new CommandError(`The topology has no host or storage node ${node}.`);
  }
  const socket = controlSocket(runDirectory);
  const common = { installation: id, runDirectory, publicPool, isOnSwitch: true, powerCycles: powerCycles(dataDirectory, node), transport: unixSocketTransport(socket), dial: unixSocketDial(socket) };
  const { accelerators = [], cards = [] } = host ?? {};
  return { ...common, ...(storage === undefined ? { accelerators, cards } : { storage }) };
}

function joinedPost({ host, accelerators = [], cards = [], installation, runDirectory, url, authority, certificate, underlay }: Membership, dataDirectory: string, node: string): Post {
  if (host !== node) throw new CommandError(`This machine is the host ${host}, not ${node}.`);
  const peer = { url, authority, own: { certificate, key: readHostKey(dataDirectory) }, version: protocolVersion() };
  return { installation, runDirectory, publicPool: underlay.publicPool, isOnSwitch: false, powerCycles: 0, transport: tlsTransport(peer), dial: tlsDial(peer), accelerators, cards, fetchImage: imageFetcher(host, peer, imagesDirectoryOf(dataDirectory)) };
}

function imagesDirectoryOf(dataDirectory: string): string {
  return join(dataDirectory, "images");
}
