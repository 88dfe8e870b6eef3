/** The parts of real hosts and storage nodes, in their own folders (`run-agent.ts`). Called in the network namespace of the host. */
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { hostDisks } from "../disk/host-disks.ts";
import { openVolumeStore } from "../disk/volume-store.ts";
import { probeEngines } from "../engine/probe-cache.ts";
import { qemuEngine } from "../engine/qemu/qemu-engine.ts";
import { umlEngine } from "../engine/uml/uml-engine.ts";
import { openIdentitySigner } from "../metadata/identity-signer.ts";
import { openMetadataService } from "../metadata/metadata-service.ts";
import { openHostNetwork } from "../network/host-network.ts";
import type { EngineAvailability } from "../protocol/report.ts";
import { engineUser } from "./confinement.ts";
import { consoleFiles } from "./console-files.ts";
import { diskFiles } from "./durable-files.ts";
import type { HostParts, StorageParts } from "./parts.ts";
import { hostPlaces, type Availabilities } from "./run-agent.ts";

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
  /** A kernel for QEMU's probes; absent: one under /boot. */
  readonly probeKernelFile?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RealHost {
  readonly parts: HostParts;
  readonly probe: (signal: AbortSignal) => Promise<Availabilities>;
}

export async function openHostParts(options: RealHostOptions): Promise<RealHost> {
  const { hostId, installation, underlayDevice, resolvers, clock, random, log } = options;
  const places = hostPlaces("host", hostId, options);
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true, mode: 0o711 });
  const network = await openHostNetwork({ hostId, installation, stateDirectory: join(places.dataDirectory, "network"), underlayDevice, resolvers, log, runDirectory: places.runDirectory });
  const metadata = await openMetadataService({
    clock,
    random,
    secretFile: join(places.dataDirectory, "metadata-secret"),
    signer: await openIdentitySigner(join(options.dataDirectory, "identity")),
    setHopLimit: (id, hopLimit) => network.setTokenHopLimit(id, hopLimit),
    log,
  });
  const { engines, probe } = await openEngines(options);
  return { parts: { role: "host", files: diskFiles, consoles: consoleFiles, engines, network, metadata, disks: hostDisks }, probe };
}

export function openStorageParts(options: RealPartsOptions & { readonly underlayAddress: string }): StorageParts {
  const places = hostPlaces("storage", options.hostId, options);
  const volumes = openVolumeStore({
    volumesDirectory: join(places.dataDirectory, "volumes"),
    runDirectory: places.runDirectory,
    imagesDirectory: options.imagesDirectory,
    address: options.underlayAddress,
    userOf: (id) => engineUser(id),
  });
  return { role: "storage", files: diskFiles, volumes };
}

/** All hosts of an installation on one machine share what the probes found. */
async function openEngines({ runDirectory, probeKernelFile }: RealHostOptions): Promise<Pick<RealHost, "probe"> & Pick<HostParts, "engines">> {
  const directory = join(runDirectory, "probes");
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o711);
  const user = engineUser("i-00000000000000000");
  const common = { directory, ...(user === undefined ? {} : { user }) };
  // A few translated instructions prove the translator; only a whole kernel proves that a processor's virtualization works.
  const forKvm = { ...common, ...(probeKernelFile === undefined ? {} : { kernelFile: probeKernelFile }) };
  const engines = { emulated: qemuEngine("tcg", common), hardware: qemuEngine("kvm", forKvm), paravirtual: umlEngine(common) };
  const probe = async (signal: AbortSignal): Promise<Availabilities> => {
    const found = await probeEngines(Object.values(engines), join(directory, "results.json"), signal);
    const of = (kind: keyof typeof engines): EngineAvailability => found.get(kind) ?? { works: false, engine: kind, reason: "it was not tried" };
    return { emulated: of("emulated"), hardware: of("hardware"), paravirtual: of("paravirtual") };
  };
  return { engines, probe };
}
