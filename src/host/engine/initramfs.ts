/**
 * A tiny first file system for a guest, written as a cpio archive ("newc") without any tool: for probes and for tests.
 * Everything belongs to root; times are zero, so the same content gives the same bytes.
 */

export interface InitramfsEntry {
  /** Without a leading slash; folders must come before what they hold. */
  readonly path: string;
  readonly kind: "folder" | "file" | "program" | "link" | "console";
  readonly content?: Uint8Array | string;
}

const modes = { folder: 0o040755, file: 0o100644, program: 0o100755, link: 0o120777, console: 0o020600 } as const;
const linkCounts = { folder: 2, file: 1, program: 1, link: 1, console: 1 } as const;

export function initramfs(entries: readonly InitramfsEntry[]): Uint8Array {
  const parts = entries.flatMap((entry, index) => record(entry, index + 1));
  return Buffer.concat([...parts, ...trailer()]);
}

/** The folders and the device node that a first process needs, and a static busybox as its shell. */
export function busyboxEntries(busybox: Uint8Array, init: string): readonly InitramfsEntry[] {
  return [
    ...["bin", "dev", "proc", "sys"].map((path) => ({ path, kind: "folder" }) as const),
    { path: "dev/console", kind: "console" },
    { path: "bin/busybox", kind: "program", content: busybox },
    { path: "bin/sh", kind: "link", content: "busybox" },
    { path: "init", kind: "program", content: init },
  ];
}

function record(entry: InitramfsEntry, inode: number): Buffer[] {
  const content = Buffer.from(entry.content ?? "");
  const device = entry.kind === "console" ? [5, 1] : [0, 0];
  const fields = [inode, modes[entry.kind], 0, 0, linkCounts[entry.kind], 0, content.length, 0, 0, ...device, entry.path.length + 1, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${entry.path}\0`;
  return [padded(Buffer.from(head, "latin1")), padded(content)];
}

function trailer(): Buffer[] {
  return record({ path: "TRAILER!!!", kind: "file" }, 0);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
