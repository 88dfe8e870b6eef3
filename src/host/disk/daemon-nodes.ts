/**
 * The block graph of a volume's storage daemon, in QMP's words:
 *
 *   export ─▶ disk (throttle) ─▶ layer-2 ─▶ layer-1 ─▶ layer-0 ─▶ base (image file, snapshot server) or nothing
 *
 * Every node says itself what it stands on; what the files' headers say does not count.
 */

export type Node = Readonly<Record<string, unknown>>;

/** How the daemon has the kernel read and write files. */
export type FileAccess = "io_uring" | "threads";

export interface LayerPlace {
  readonly number: number;
  readonly path: string;
}

/** What the lowest layer stands on: an image, or the socket of the snapshot server. */
export type Base = { readonly kind: "file"; readonly path: string; readonly format: "qcow2" | "raw" } | { readonly kind: "server"; readonly socket: string };

export const diskNode = "disk";
export const baseNode = "base";
export const limitsObject = "limits";
export const keyObject = "key";

/** The snapshot server goes away with its agent, and comes back with the next one. */
const serverAwaySeconds = 7 * 24 * 3600;
/** A flush ends on the disk: written through the page cache, then fdatasync. */
const cache = { direct: false, "no-flush": false };

export const layerNode = (number: number): string => `layer-${number}`;
const fileNode = (number: number): string => `file-${number}`;

/** The number of a layer's node; undefined for another node. */
export function layerNumber(nodeName: string): number | undefined {
  const digits = /^layer-(\d+)$/.exec(nodeName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Reference counts are written when the layer is closed: a write to a new place then costs a flush less. A layer whose daemon was killed is marked,
 * and QEMU counts anew when it opens it (decision 0010).
 */
export function layer({ number, path }: LayerPlace, backing: string | null, isEncrypted: boolean, aio: FileAccess): Node {
  const file = { driver: "file", "node-name": fileNode(number), filename: path, locking: "on", aio, discard: "unmap", cache };
  const encrypt = isEncrypted ? { encrypt: { format: "luks", "key-secret": keyObject } } : {};
  return { driver: "qcow2", "node-name": layerNode(number), discard: "unmap", "lazy-refcounts": true, cache, ...encrypt, file, backing };
}

/** What a layer that has lost what it stood on is to be reopened as. Its file stays open as it is. */
export function standingAlone(place: LayerPlace, isEncrypted: boolean): Node {
  return { ...layer(place, null, isEncrypted, "threads"), file: fileNode(place.number) };
}

export function base(place: Base, aio: FileAccess): Node {
  const name = { "node-name": baseNode, "read-only": true };
  if (place.kind === "file") return { driver: place.format, ...name, file: { driver: "file", filename: place.path, aio, "read-only": true } };
  return { driver: "nbd", ...name, server: { type: "unix", path: place.socket }, export: "", "reconnect-delay": serverAwaySeconds };
}

export function disk(top: number): Node {
  return { driver: "throttle", "node-name": diskNode, "throttle-group": limitsObject, file: layerNode(top) };
}

/** For a guest: its name is its id. A write is on disk when it is answered; why not only when it is flushed is decision 0008. */
export function guestExport(name: string): Node {
  return { type: "nbd", id: name, "node-name": diskNode, name, writable: true, writethrough: true };
}

const directPrefix = "direct.";

/** The same by vhost-user. */
export function directExport(name: string, socket: string): Node & { readonly id: string } {
  return { type: "vhost-user-blk", id: directId(name), "node-name": diskNode, addr: { type: "unix", path: socket }, writable: true, writethrough: true };
}

export const directId = (name: string): string => `${directPrefix}${name}`;
/** The name of the attachment that an export is of. */
export const nameOfExport = (id: string): string => (id.startsWith(directPrefix) ? id.slice(directPrefix.length) : id);

const readingPrefix = "reading.";

/** For the agent, of one frozen layer and all below it. */
export function readingExport(number: number, secret: string): Node & { readonly id: string; readonly name: string } {
  const name = `${readingPrefix}${secret}`;
  return { type: "nbd", id: name, "node-name": layerNode(number), name, writable: false, "allocation-depth": true };
}

export const isReadingExport = (id: string): boolean => id.startsWith(readingPrefix);
