/** The parts of real hosts and storage nodes, in their own folders (`run-agent.ts`). Called in the network namespace of the host. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { hostDisks } from "../disk/host-disks.ts";
import { openVolumeStore } from "../disk/volume-store.ts";
import { openIdentitySigner } from "../metadata/identity-signer.ts";
import { openMetadataService } from "../metadata/metadata-service.ts";
import { BandwidthKeeper } from "../network/bandwidth/bandwidth-keeper.ts";
import { FlowLogger } from "../network/flow-logs/flow-logger.ts";
import { openHostNetwork } from "../network/host-network.ts";
import { accompany } from "../network/network-companions.ts";
import { engineUser } from "./confinement.ts";
import { consoleFiles } from "./console-files.ts";
import { diskFiles } from "./durable-files.ts";
import type { HostParts, StorageParts } from "./parts.ts";
import { openRealEngines, type EngineProbe } from "./real-engines.ts";
import { hostPlaces } from "./run-agent.ts";

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
  /** Whom the guests' resolvers ask. */
  readonly resolvers: readonly string[];
  /** A kernel to try hardware assistance with, if there is one yet. */
  readonly findProbeKernel: () => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RealHost {
  readonly parts: HostParts;
  readonly probe: EngineProbe;
}

/** How often the counters of flow logs and bandwidth are looked at. */
const lookMs = 10_000;

export async function openHostParts(options: RealHostOptions): Promise<RealHost> {
  const { hostId, installation, underlayDevice, resolvers, clock, random, log } = options;
  const places = hostPlaces("host", hostId, options);
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true, mode: 0o711 });
  const flows = new FlowLogger({ hostId, installation, stateFile: join(places.dataDirectory, "flow-logs.json"), directory: join(options.dataDirectory, "flow-logs"), clock, log, everyMs: lookMs });
  const bandwidth = new BandwidthKeeper({ stateFile: join(places.dataDirectory, "bandwidth.json"), clock, log, everyMs: lookMs });
  const network = await openHostNetwork({ hostId, installation, stateDirectory: join(places.dataDirectory, "network"), underlayDevice, resolvers, log, runDirectory: places.runDirectory });
  const metadata = await openMetadataService({
    clock,
    random,
    secretFile: join(places.dataDirectory, "metadata-secret"),
    signer: await openIdentitySigner(join(options.dataDirectory, "identity")),
    setHopLimit: (id, hopLimit) => network.setTokenHopLimit(id, hopLimit),
    log,
  });
  const { engines, probe } = await openRealEngines(join(options.runDirectory, "probes"), options.findProbeKernel, log);
  return { parts: { role: "host", files: diskFiles, consoles: consoleFiles, engines, network: accompany(network, { flows, bandwidth }), metadata, disks: hostDisks }, probe };
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
    imagesDirectory: options.imagesDirectory,
    snapshotsDirectory: options.snapshotsDirectory,
    address: options.underlayAddress,
    userOf: (id) => engineUser(id),
    log: options.log,
  });
  return { role: "storage", files: diskFiles, volumes };
}
