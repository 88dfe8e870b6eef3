/** What a disk is read from and written to, as QEMU and its storage daemon take it. A virtual function is a device and has none. */
import type { PlannedDisk } from "./engine.ts";

/** A guest's network storage may be away for this long before its I/O fails: a storage node's restart only pauses it. */
const storageAwaySeconds = 7 * 24 * 3600;

export function blockNode(source: PlannedDisk["source"], nodeName: string): Readonly<Record<string, unknown>> {
  if (source.kind === "function") throw new Error(`${nodeName} is a virtual function, which only a guest with KVM can have from its start`);
  const name = { "node-name": nodeName, discard: "unmap" };
  if (source.kind === "nbd") {
    const server = { type: "inet", host: source.address, port: String(source.port) };
    return { driver: "nbd", ...name, server, export: source.exportName, "reconnect-delay": storageAwaySeconds };
  }
  return { driver: source.format, ...name, file: { driver: "file", filename: source.path, aio: "threads", discard: "unmap" } };
}
