/**
 * A volume's files: its layers, and the record of them.
 *
 * The record is made last, so a volume that has one is whole; files that it does not name are left from a death and removed. The image that a
 * volume stands on is never written to and must not change.
 */
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { keyNameOf } from "../../block-store/block.ts";
import { TerminalError } from "../../base/errors.ts";
import type { VolumeId } from "../../base/ids.ts";
import type { SnapshotOrder, SnapshotSource, VolumeSpecification } from "../protocol/specification.ts";
import type { Base, LayerPlace } from "./daemon-nodes.ts";
import { flushFolder, makeLayerFile } from "./layer-file.ts";
import { StackFile } from "./stack-file.ts";
import { imagePath, layerFileName, layerOfFile, singleFileName, stackFileName, type VolumeHome } from "./volume-home.ts";
import { beginStack, type Layer, type Moment, type VolumeStack } from "./volume-stack.ts";
import type { VolumeDescription } from "./volumes.ts";

/** Undefined when the volume was never made, or was made by an installation that knew no layers and is not `adoptSingleFile`d yet. */
export async function openVolumeData(home: VolumeHome, id: VolumeId): Promise<StackFile | undefined> {
  const file = await StackFile.open(join(home.volumesDirectory, stackFileName(id)));
  if (file === undefined) return undefined;
  const needed = new Set(file.stack.layers.map(({ number }) => number));
  for (const number of await listLayerFiles(home, id)) if (!needed.has(number)) await rm(layerPath(home, id, number), { force: true });
  return file;
}

/** Whether every layer's file is there. */
export async function isComplete(home: VolumeHome, id: VolumeId, { layers }: VolumeStack): Promise<boolean> {
  const there = new Set(await listLayerFiles(home, id));
  return layers.every(({ number }) => there.has(number));
}

/** Makes the one file of a volume of an older installation its lowest layer. */
export async function adoptSingleFile(home: VolumeHome, id: VolumeId): Promise<StackFile | undefined> {
  const single = join(home.volumesDirectory, singleFileName(id));
  const first = layerPath(home, id, 0);
  if (await isThere(single)) await rename(single, first);
  const sizeGib = await readSizeGib(first);
  if (sizeGib === undefined) return undefined;
  await flushFolder(home.volumesDirectory);
  return StackFile.create(join(home.volumesDirectory, stackFileName(id)), beginStack(sizeGib));
}

export async function createVolumeData(home: VolumeHome, specification: VolumeSpecification): Promise<StackFile> {
  const { id, sizeGib, source } = specification;
  if (source?.kind === "file") await requireFit(imagePath(home, source.file), sizeGib);
  if (source?.kind === "snapshot") await requireSnapshot(home, source, sizeGib);
  const stack = beginStack(sizeGib, source?.kind === "snapshot" ? toMoment(source) : undefined);
  for (const { number } of stack.layers) await createLayer(home, specification, number, sizeGib);
  return StackFile.create(join(home.volumesDirectory, stackFileName(id)), stack);
}

export async function createLayer(home: VolumeHome, { id, encryptionKey }: VolumeSpecification, number: number, sizeGib: number): Promise<LayerPlace> {
  const path = layerPath(home, id, number);
  const owner = home.userOf(id);
  await makeLayerFile({ path, sizeGib, ...(encryptionKey === undefined ? {} : { encryptionKey }), ...(owner === undefined ? {} : { owner }) });
  return { number, path };
}

export async function removeLayer(home: VolumeHome, id: VolumeId, number: number): Promise<void> {
  await rm(layerPath(home, id, number), { force: true });
}

export async function removeVolumeData(home: VolumeHome, id: VolumeId): Promise<void> {
  const names = await readdir(home.volumesDirectory).catch(() => []); // the whole folder may be gone
  const own = names.filter((name) => name.startsWith(`${id}.`) && !name.startsWith(`${id}.json`));
  for (const name of own) await rm(join(home.volumesDirectory, name), { force: true });
  if (own.length > 0) await flushFolder(home.volumesDirectory);
}

export function layerPath({ volumesDirectory }: VolumeHome, id: VolumeId, number: number): string {
  return join(volumesDirectory, layerFileName(id, number));
}

export async function describeLayer(home: VolumeHome, id: VolumeId, { number, moment }: Layer): Promise<VolumeDescription["layers"][number]> {
  const { blocks } = await stat(layerPath(home, id, number));
  return { number, storedBytes: blocks * 512, ...(moment === undefined ? {} : { moment: moment.id }) };
}

/** What the lowest layer stands on. */
export async function findBase(home: VolumeHome, { source }: VolumeSpecification, { isInitializing }: VolumeStack, serverSocket: string): Promise<Base | undefined> {
  if (source?.kind === "snapshot") return isInitializing ? { kind: "server", socket: serverSocket } : undefined;
  if (source === undefined) return undefined;
  const path = imagePath(home, source.file);
  return { kind: "file", path, format: (await inspectImage(path)).format };
}

export function toMoment({ id, region, encryptionKey }: SnapshotOrder | SnapshotSource): Moment {
  return { id, region, ...(encryptionKey === undefined ? {} : { keyName: keyNameOf(toKey(encryptionKey)) }) };
}

export function toKey(base64: string): Uint8Array {
  return Buffer.from(base64, "base64");
}

async function requireFit(path: string, sizeGib: number): Promise<void> {
  const { sizeBytes } = await inspectImage(path);
  if (sizeBytes > sizeGib * 2 ** 30) throw tooSmall(sizeGib, "image", Math.ceil(sizeBytes / 2 ** 30));
}

async function requireSnapshot(home: VolumeHome, { id, region }: SnapshotSource, sizeGib: number): Promise<void> {
  const manifest = await home.storeOf(region).openManifest(id);
  if (manifest === undefined) throw new TerminalError(`the snapshot ${id} is not in the snapshot store`);
  if (manifest.volumeSizeGib > sizeGib) throw tooSmall(sizeGib, "snapshot", manifest.volumeSizeGib);
}

function tooSmall(sizeGib: number, source: "image" | "snapshot", neededGib: number): TerminalError {
  return new TerminalError(`a volume of ${sizeGib} GiB is smaller than its ${source}, which has ${neededGib} GiB`);
}

async function listLayerFiles({ volumesDirectory }: VolumeHome, id: VolumeId): Promise<readonly number[]> {
  const names = await readdir(volumesDirectory).catch(() => []); // there are no volumes yet
  return names.map((name) => layerOfFile(id, name)).filter((number) => number !== undefined);
}

async function readSizeGib(path: string): Promise<number | undefined> {
  if (!(await isThere(path))) return undefined;
  return (await inspectImage(path)).sizeBytes / 2 ** 30;
}

/** The format by the file's own first bytes, and the size that a guest sees. Read here because starting `qemu-img` for it takes longer than the rest. */
export async function inspectImage(path: string): Promise<{ format: "qcow2" | "raw"; sizeBytes: number }> {
  const file = await open(path).catch((cause: unknown) => {
    throw new Error(`the image file ${path} cannot be read`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    // qcow2's header: "QFI\xfb", version, and the virtual size as 64 bits from byte 24, all big-endian
    if (bytesRead === 32 && buffer.readUInt32BE(0) === 0x514649fb) return { format: "qcow2", sizeBytes: Number(buffer.readBigUInt64BE(24)) };
    return { format: "raw", sizeBytes: (await file.stat()).size };
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
