/** The parts of real hosts and storage nodes, in their own folders (`run-agent.ts`). Called in the network namespace of the host. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { openAcceleratorPool } from "../accelerator/accelerator-pool.ts";
import { guestSockets } from "../disk/guest-socket.ts";
import { hostDisks } from "../disk/host-disks.ts";
import { openVolumeStore } from "../disk/volume-store.ts";
import { openIdentitySigner } from "../metadata/identity-signer.ts";
import { openMetadataService } from "../metadata/metadata-service.ts";
import { BandwidthKeeper } from "../network/bandwidth/bandwidth-keeper.ts";
import { namespacePath } from "../network/command.ts";
import { FlowLogger } from "../network/flow-logs/flow-logger.ts";
import { readDevice } from "../network/host-links.ts";
import { openHostNetwork } from "../network/host-network.ts";
import { applianceNamespace } from "../network/names.ts";
import { carriesWires } from "../network/wire.ts";
import { accompany } from "../network/network-companions.ts";
import { largestMtu, vpcMtu } from "../network/packet-size.ts";
import { openProcessorGroups } from "../processor/control-groups.ts";
import { openProcessorKeeper, unsharedProcessors, type Processors } from "../processor/processor-keeper.ts";
import { connectToGuest, ensureConnectAddress } from "../network/guest-connection.ts";
import { StreamError } from "../protocol/stream.ts";
import { connectInNamespace } from "../services/namespace-connection.ts";
import { ServiceRelay } from "../services/service-relay.ts";
import { openFunctionPool } from "../virtual-function/function-pool.ts";
import { openStoragePool } from "../virtual-function/storage-pool.ts";
import { runWorkload } from "../workload/run-workload.ts";
import { answerStream } from "./answer-stream.ts";
import { engineUser } from "./confinement.ts";
import { consoleFiles } from "./console-files.ts";
import type { DialControlPlane } from "./control-plane-transport.ts";
import { diskFiles } from "./durable-files.ts";
import { measureMachine } from "./measure-machine.ts";
import type { HostParts, StorageParts, StreamTargets } from "./parts.ts";
import { openRealEngines, type EngineProbe } from "./real-engines.ts";
import { hostPlaces, type Equipment } from "./run-agent.ts";

export interface RealPartsOptions {
  readonly hostId: string;
  readonly installation: string;
  /** The installation's DATA and RUN. */
  readonly dataDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
}

export interface RealHostOptions extends RealPartsOptions {
  /** This host's device on the underlay network. */
  readonly underlayDevice: string;
  /** As `HostNetworkOptions` has it. */
  readonly isOnSwitch: boolean;
  /** PCI addresses of the machine's accelerators that are this host's. */
  readonly accelerators: readonly string[];
  /** NVMe controllers whose virtual functions guests may have as local disks. */
  readonly storageCards: readonly string[];
  /** Whom the guests' resolvers ask. */
  readonly resolvers: readonly string[];
  /** The public address of the installation's services. */
  readonly serviceAddress: string;
  /** Opens connections for guests to the control plane. */
  readonly dial: DialControlPlane;
  /** A kernel to try hardware assistance with, if there is one yet. */
  readonly findProbeKernel: () => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RealHost {
  readonly parts: HostParts;
  readonly equipment: Equipment;
  readonly probe: EngineProbe;
}

/** How often the counters of flow logs and bandwidth are looked at. */
const lookMs = 10_000;
/** How often CPU credits are settled; and written down and reported, as often as EC2 shows them (facts §3.7). */
const [creditMs, creditReportMs] = [2_000, 300_000];

export async function openHostParts(options: RealHostOptions): Promise<RealHost> {
  const { hostId, installation, underlayDevice, isOnSwitch, storageCards, resolvers, serviceAddress, clock, random, log } = options;
  const places = hostPlaces("host", hostId, options);
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true, mode: 0o711 });
  const flows = new FlowLogger({ hostId, installation, stateFile: join(places.dataDirectory, "flow-logs.json"), directory: join(options.dataDirectory, "flow-logs"), clock, log, everyMs: lookMs });
  const bandwidth = new BandwidthKeeper({ stateFile: join(places.dataDirectory, "bandwidth.json"), clock, log, everyMs: lookMs });
  const services = { address: serviceAddress, accept: new ServiceRelay(options).accept };
  const isWired = isOnSwitch && (await carriesWires(underlayDevice));
  const functions = await openFunctionPool({ underlayDevice, log });
  const accelerators = await openAcceleratorPool({ own: options.accelerators, ...stateIn(join(places.dataDirectory, "accelerators.json")), log });
  const storage = await openStoragePool({ devices: storageCards, ...stateIn(join(places.dataDirectory, "storage-functions.json")), log });
  const network = await openHostNetwork({ functions, hostId, installation, stateDirectory: join(places.dataDirectory, "network"), underlayDevice, isOnSwitch: isWired, resolvers, services, log, runDirectory: places.runDirectory });
  const metadata = await openMetadataService({
    clock,
    random,
    secretFile: join(places.dataDirectory, "metadata-secret"),
    signer: await openIdentitySigner(join(options.dataDirectory, "identity")),
    setHopLimit: (id, hopLimit) => network.setTokenHopLimit(id, hopLimit),
    log,
  });
  const processors = await openProcessors(join(places.dataDirectory, "processors.json"), clock, log);
  await ensureConnectAddress();
  const streams: StreamTargets = {
    open: async (target, signal) => {
      if (target.kind === "tcp") return connectToGuest(target, signal);
      if (target.kind === "tunnel") return connectInNamespace(namespacePath(applianceNamespace(installation, hostId, "connectEndpoint", target.endpointInterface)), target, signal);
      if (target.kind === "workload") return answerStream((unwanted) => runWorkload(places.dataDirectory, target.seconds, unwanted));
      throw new StreamError("unsupported");
    },
  };
  const { engines, probe } = await openRealEngines(join(options.runDirectory, "probes"), options.findProbeKernel, log);
  const mtu = vpcMtu((await readDevice(underlayDevice)).mtu);
  return { parts: { role: "host", accelerators, files: diskFiles, consoles: consoleFiles, engines, network: accompany(network, { flows, bandwidth }), metadata, disks: hostDisks(guestSockets(options.runDirectory), storage), processors, streams }, equipment: { cards: [...functions.cards, ...storage.cards], accelerators: accelerators.descriptions, figures: await measureMachine(options.dataDirectory), ...(mtu < largestMtu ? { mtu } : {}), isOnSwitch: isWired }, probe };
}

async function openProcessors(stateFile: string, clock: Clock, log: Log): Promise<Processors> {
  const groups = openProcessorGroups();
  if ("missing" in groups) {
    log.warn("guests share the processors without weights and CPU credits", { reason: groups.missing });
    return unsharedProcessors;
  }
  return openProcessorKeeper({ groups, ...stateIn(stateFile), clock, log, everyMs: creditMs, reportEveryMs: creditReportMs });
}

function stateIn(file: string) {
  return { readState: () => diskFiles.read(file), writeState: (text: string) => diskFiles.write(file, text) };
}

export interface RealStorageOptions extends RealPartsOptions {
  readonly underlayAddress: string;
  /** The installation's snapshots, a folder for each region. */
  readonly snapshotsDirectory: string;
  readonly log: Log;
}

export function openStorageParts(options: RealStorageOptions): StorageParts {
  const places = hostPlaces("storage", options.hostId, options);
  const volumes = openVolumeStore({
    volumesDirectory: join(places.dataDirectory, "volumes"),
    runDirectory: places.runDirectory,
    socketsDirectory: guestSockets(options.runDirectory),
    imagesDirectory: options.imagesDirectory,
    snapshotsDirectory: options.snapshotsDirectory,
    address: options.underlayAddress,
    userOf: (id) => engineUser(id),
    log: options.log,
  });
  return { role: "storage", files: diskFiles, volumes };
}
