/** Carries out one piece of a volume's work at leisure and writes down that it is done. Every piece may be begun again. */
import { initializeVolume } from "./initialize-volume.ts";
import { UnreadableError } from "./nbd/nbd-client.ts";
import { SnapshotRemovedError } from "../../block-store/block-store.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import type { SourceServer } from "./source-server.ts";
import type { StackFile } from "./stack-file.ts";
import { storeSnapshot } from "./store-snapshot.ts";
import type { VolumeDaemon } from "./volume-daemon.ts";
import { layerPath, removeLayer, toKey } from "./volume-data.ts";
import { layerFileName, type VolumeHome } from "./volume-home.ts";
import { completeSnapshot, failSnapshot, mergeLayers, type TakenSnapshot, type Work } from "./volume-stack.ts";

export interface WorkParts {
  readonly home: VolumeHome;
  readonly specification: VolumeSpecification;
  readonly file: StackFile;
  readonly daemon: VolumeDaemon;
  /** As long as not everything of it is here. */
  readonly source: SourceServer | undefined;
  /** Told at most twice a second. */
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/** Beside what guests ask for, where no rate was asked for. */
const gentleBytesPerSecond = 64 * 2 ** 20;
const reportMs = 500;

export async function doWork(parts: WorkParts, work: Work): Promise<void> {
  switch (work.kind) {
    case "store":
      return store(parts, work.snapshot);
    case "initialize":
      return initialize(parts);
    case "merge":
      return merge(parts, work);
  }
}

async function store({ home, specification, file, daemon, onProgress, signal }: WorkParts, taken: TakenSnapshot): Promise<void> {
  const key = specification.snapshots.find(({ id }) => id === taken.id)?.encryptionKey;
  const address = { host: home.address, port: specification.port };
  const job = { store: home.storeOf(taken.region), key: key === undefined ? undefined : toKey(key), daemon, address, stack: file.stack, taken, onProgress: seldom(onProgress), signal };
  try {
    const blocks = await storeSnapshot(job);
    await file.change((stack) => completeSnapshot(stack, taken.id, blocks));
  } catch (error) {
    const reason = lastingReason(error);
    if (reason === undefined) throw error;
    await file.change((stack) => failSnapshot(stack, taken.id, reason));
  }
}

/** Undefined for what another attempt may not meet. */
function lastingReason(error: unknown): string | undefined {
  if (error instanceof UnreadableError) return "A part of the volume cannot be read.";
  return error instanceof SnapshotRemovedError ? "The snapshot was removed while it was stored." : undefined;
}

async function initialize({ home, specification, file, daemon, source, onProgress, signal }: WorkParts): Promise<void> {
  const [lowest] = file.stack.layers;
  if (lowest === undefined || source === undefined) throw new Error(`the snapshot server of ${specification.id} is not open`);
  const { id, port, encryptionKey, initializeBytesPerSecond: bytesPerSecond = gentleBytesPerSecond } = specification;
  await initializeVolume({ daemon, address: { host: home.address, port }, lowest: lowest.number, source, bytesPerSecond, onProgress: seldom(onProgress), signal });
  await daemon.dropBase({ number: lowest.number, path: layerPath(home, id, lowest.number) }, encryptionKey !== undefined);
  await file.change((stack) => ({ ...stack, isInitializing: false }));
}

async function merge({ home, specification: { id }, file, daemon, signal }: WorkParts, { upper, lower }: Extract<Work, { kind: "merge" }>): Promise<void> {
  await daemon.mergeLayers(upper.number, lower.number, layerFileName(id, lower.number), signal);
  await file.change((stack) => mergeLayers(stack, upper, lower));
  await removeLayer(home, id, upper.number);
}

function seldom(onProgress: (share: number) => void): (share: number) => void {
  let last = performance.now();
  return (share) => {
    if (performance.now() - last < reportMs) return;
    last = performance.now();
    onProgress(share);
  };
}
