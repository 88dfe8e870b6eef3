/**
 * Parts that cost next to nothing: a host without guests, disks, network or files, for installations whose instances are records
 * only, and for tests. State lives in the objects made here; hand the same ones to the next agent and it finds everything again.
 */
import { basename, dirname, join } from "node:path";
import { duplexPair, type Duplex } from "node:stream";
import type { InterfaceId, VolumeId, VpcId } from "../../base/ids.ts";
import type { BlockStore } from "../../block-store/block-store.ts";
import type { Accelerators } from "../accelerator/accelerator-pool.ts";
import type { MachineDisks } from "../disk/machine-disks.ts";
import type { Volumes } from "../disk/volumes.ts";
import { simulatedEngine, type MachineRoom, type ProgramOf } from "../engine/simulated.ts";
import type { HostNetwork } from "../network/host-network-options.ts";
import { unsharedProcessors } from "../processor/processor-keeper.ts";
import type { SnapshotReport } from "../protocol/report.ts";
import type { InterfaceSpecification, SnapshotOrder, Virtualization } from "../protocol/specification.ts";
import type { StreamTarget } from "../protocol/stream.ts";
import type { ConsoleFiles } from "./console-files.ts";
import type { DurableFiles } from "./durable-files.ts";
import type { Engines, HostParts, MetadataService, StorageParts, StreamTargets } from "./parts.ts";

export function simulatedHost(engines: Engines): HostParts & { readonly accelerators: SimulatedAccelerators; readonly files: MemoryFiles; readonly network: SimulatedNetwork; readonly disks: SimulatedDisks } {
  return { role: "host", accelerators: simulatedAccelerators(), files: memoryFiles(), consoles: silentConsoles, engines, network: simulatedNetwork(), metadata: silentMetadata, disks: simulatedDisks(), processors: unsharedProcessors, streams: simulatedStreams() };
}

export function simulatedStorage(storeOf?: SnapshotStores): StorageParts & { readonly files: MemoryFiles; readonly volumes: SimulatedVolumes } {
  return { role: "storage", files: memoryFiles(), volumes: simulatedVolumes(storeOf) };
}

/** Engines whose guests live in the room; a new agent in the same process finds them there. */
export function simulatedEngines(room: MachineRoom, program?: ProgramOf): Engines {
  const engine = (virtualization: Virtualization) => simulatedEngine({ virtualization, room, ...(program === undefined ? {} : { program }) });
  return { emulated: engine("emulated"), paravirtual: engine("paravirtual"), hardware: engine("hardware") };
}

export interface MemoryFiles extends DurableFiles {
  readonly contents: ReadonlyMap<string, string>;
}

export function memoryFiles(): MemoryFiles {
  const contents = new Map<string, string>();
  /** The names in each folder: an installation of records has tens of thousands of files. */
  const folders = new Map<string, Set<string>>();
  const note = (path: string): void => {
    const [folder, name] = [dirname(path), basename(path)];
    const names = folders.get(folder);
    if (names !== undefined) return void names.add(name);
    folders.set(folder, new Set([name]));
    if (folder !== path) note(folder);
  };
  const remove = (path: string): void => {
    contents.delete(path);
    for (const name of folders.get(path) ?? []) remove(join(path, name));
    folders.delete(path);
    const names = folders.get(dirname(path));
    if (names?.delete(basename(path)) === true && names.size === 0) remove(dirname(path));
  };
  return {
    contents,
    read: async (path) => contents.get(path),
    async write(path, text) {
      contents.set(path, text);
      note(path);
    },
    remove: async (path) => remove(path),
    list: async (directory) => [...(folders.get(directory) ?? [])],
    makeDirectory: async () => undefined,
    makeFile: async () => undefined,
  };
}

/** No serial output at all. */
export const silentConsoles: ConsoleFiles = {
  tail: async () => new Uint8Array(),
  read: async () => ({ output: Buffer.alloc(0), next: 0 }),
  size: async () => 0,
  clear: async () => undefined,
  bound: async () => undefined,
  watch: () => () => undefined,
};

/** A simulated guest is heard as soon as it could be. */
const silentMetadata: MetadataService = { serve: (_port, _machine, _interface, heard) => heard(), stop() {}, close() {} };

export interface SimulatedNetwork extends HostNetwork {
  readonly interfaces: ReadonlyMap<InterfaceId, "prepared" | "connected">;
  /** The generation of each VPC that was applied. */
  readonly vpcs: ReadonlyMap<VpcId, number>;
}

export function simulatedNetwork(): SimulatedNetwork {
  const interfaces = new Map<InterfaceId, "prepared" | "connected">();
  const vpcs = new Map<VpcId, number>();
  let lastPort = 0;
  return {
    interfaces,
    vpcs,
    async prepareInterface({ id }: InterfaceSpecification) {
      if (!interfaces.has(id)) interfaces.set(id, "prepared");
      return { tap: `t${id.slice(-8)}`, metadataPort: ++lastPort, mtu: 9_001 };
    },
    async connectInterface({ id }) {
      if (!interfaces.has(id)) throw new Error(`interface ${id} was not prepared`);
      interfaces.set(id, "connected");
    },
    setTokenHopLimit: async () => undefined,
    applyVpc: async ({ id, generation }) => void vpcs.set(id, generation),
    removeVpc: async (id) => void vpcs.delete(id),
    readCounters: async () => undefined,
    findSilent: async () => new Set(),
    removeInterface: async (id) => void interfaces.delete(id),
    async retainOnly(ids) {
      for (const id of interfaces.keys()) if (!ids.includes(id)) interfaces.delete(id);
    },
    close: async () => undefined,
  };
}

/** Two ends of one connection: what breaks one breaks the other, as a socket's do. */
export function linkedPair(): readonly [Duplex, Duplex] {
  const pair = duplexPair();
  const [a, b] = pair;
  for (const [one, other] of [[a, b], [b, a]] as const) {
    one.on("error", () => undefined);
    one.once("close", () => void ((one.readableEnded && one.writableFinished) || other.destroy()));
  }
  return pair;
}

/** Every target is what `serve` makes of its end of the connection, at first an echo. A StreamError that it throws refuses the stream. */
export function simulatedStreams(serve: (target: StreamTarget, guest: Duplex) => void = (_target, guest) => void guest.pipe(guest)): StreamTargets {
  return {
    async open(target) {
      const [host, guest] = linkedPair();
      serve(target, guest);
      return host;
    },
  };
}

export interface SimulatedDisks extends MachineDisks {
  /** `MACHINE VOLUME` of what is attached, and `MACHINE instance-store`. */
  readonly held: ReadonlySet<string>;
}

export function simulatedDisks(): SimulatedDisks {
  const held = new Set<string>();
  return {
    held,
    async attach({ id }, { volume, endpoint }) {
      held.add(`${id} ${volume}`);
      return { kind: "nbd", ...endpoint };
    },
    detach: async ({ id }, volume) => void held.delete(`${id} ${volume}`),
    async makeInstanceStore({ id, dataDirectory }, sizesGib) {
      if (sizesGib.length > 0) held.add(`${id} instance-store`);
      return sizesGib.map((_size, index) => ({ kind: "file", path: `${dataDirectory}/ephemeral${index}.raw`, format: "raw" }));
    },
    async makeLocalRoot({ id, dataDirectory }) {
      held.add(`${id} instance-store`);
      return { kind: "file", path: `${dataDirectory}/root.raw`, format: "raw" };
    },
    eraseInstanceStore: async ({ id }) => void held.delete(`${id} instance-store`),
  };
}

export interface SimulatedAccelerators extends Accelerators {
  /** The machines that have some. */
  readonly held: ReadonlySet<string>;
}

export function simulatedAccelerators(): SimulatedAccelerators {
  const held = new Set<string>();
  return {
    held,
    async take({ id, accelerators = 0 }) {
      if (accelerators > 0) held.add(id);
      return Array.from({ length: accelerators }, (_, index) => `0000:00:00.${index}`);
    },
    release: async (id) => void held.delete(id),
    async retainOnly(ids) {
      for (const id of held) if (!ids.some((each) => each === id)) held.delete(id);
    },
  };
}

export interface SimulatedVolumes extends Volumes {
  /** Each volume that exists and the names that it is exported under. */
  readonly exports: ReadonlyMap<VolumeId, readonly string[]>;
}

/** Every moment is fixed and every snapshot stored at once. With a store each snapshot gets a manifest, which has no blocks. */
/** The block store of a region. */
export type SnapshotStores = (region: string) => Pick<BlockStore, "openManifest" | "beginSnapshot">;

export function simulatedVolumes(storeOf?: SnapshotStores): SimulatedVolumes {
  const exports = new Map<VolumeId, readonly string[]>();
  const take = async ({ id, region, encryptionKey }: SnapshotOrder, volumeSizeGib: number): Promise<SnapshotReport> => {
    const store = storeOf?.(region);
    if (store !== undefined && (await store.openManifest(id)) === undefined) {
      const key = encryptionKey === undefined ? {} : { key: Buffer.from(encryptionKey, "base64") };
      await (await store.beginSnapshot(id, { volumeSizeGib, ...key })).seal();
    }
    return { id, state: "completed", percent: 100, blocks: { total: 0, moved: 0 } };
  };
  return {
    exports,
    exists: async (id) => exports.has(id),
    ensureData: async ({ id }) => void (exports.has(id) || exports.set(id, [])),
    async ensure({ id, sizeGib, exportNames, snapshots }) {
      exports.set(id, exportNames);
      return { condition: { sizeGib }, snapshots: await Promise.all(snapshots.map((order) => take(order, sizeGib))) };
    },
    describe: async () => undefined,
    remove: async (id) => void exports.delete(id),
    onChange: () => undefined,
    endAllExports: async () => undefined,
    release: () => undefined,
  };
}
