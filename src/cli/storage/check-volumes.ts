/** Compares the storage nodes' files with the rows of volumes, and attachments with what the nodes were told to export. Only reports: a volume's files are its agent's. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { isId } from "../../base/ids.ts";
import type { VolumeSpecification } from "../../host/protocol/specification.ts";
import { exportNameOf } from "../../storage/volume-attachment.ts";
import type { VolumeAttachmentRow, VolumeRow } from "../../store/storage-tables.ts";
import type { Store, Tx } from "../../store/store.ts";
import type { Findings } from "./findings.ts";

const run = promisify(execFile);

export interface VolumeCheckParts {
  readonly store: Store;
  /** Has a folder of volumes for each storage node. */
  readonly nodesDirectory: string;
  readonly findings: Findings;
}

/** How many volumes and attachments were looked at. */
export async function checkVolumes({ store, nodesDirectory, findings }: VolumeCheckParts): Promise<{ readonly volumes: number; readonly attachments: number }> {
  const files = await listVolumeFiles(nodesDirectory);
  const { volumes, attachments, exported } = await store.read(readRows);
  const known = new Set(volumes.map(({ id, storage_node: node }) => `${node} ${id}`));
  for (const { node, volume, name } of files) if (!known.has(`${node} ${volume}`)) findings.add(name, `is a file of ${volume} on ${node}, but there is no such volume there`);
  for (const volume of volumes.filter(({ observed_state: state }) => state === "available")) {
    const layers = files.filter((file) => file.node === volume.storage_node && file.volume === volume.id && file.name.endsWith(".qcow2"));
    if (layers.length === 0) findings.add(volume.id, `has no file on ${volume.storage_node}`);
    for (const { path, name } of layers) await checkLayer(path, name, findings);
  }
  checkAttachments(volumes, attachments, exported, findings);
  return { volumes: volumes.length, attachments: attachments.length };
}

interface VolumeFile {
  readonly node: string;
  readonly volume: string;
  readonly name: string;
  readonly path: string;
}

async function listVolumeFiles(nodesDirectory: string): Promise<readonly VolumeFile[]> {
  const files: VolumeFile[] = [];
  for (const node of await readdir(nodesDirectory).catch(() => [])) {
    const folder = join(nodesDirectory, node, "volumes");
    for (const name of await readdir(folder).catch(() => [])) {
      const volume = name.split(".")[0] ?? "";
      if (isId("volume", volume)) files.push({ node, volume, name, path: join(folder, name) });
    }
  }
  return files;
}

async function readRows(tx: Tx) {
  const volumes = await tx.db.selectFrom("volumes").selectAll().where("want", "=", "present").execute();
  const attachments = await tx.db.selectFrom("volume_attachments").selectAll().execute();
  const bodies = await tx.db.selectFrom("specifications").select(["id", "body"]).where("kind", "=", "volume").execute();
  const due = new Set((await tx.db.selectFrom("due").select("key").where("kind", "=", "volume").execute()).map(({ key }) => key));
  // What is about to be looked at may be published anew.
  const settled = bodies.filter(({ id }) => !due.has(id));
  return { volumes, attachments, exported: new Map(settled.map(({ id, body }) => [id, (JSON.parse(body) as VolumeSpecification).exportNames])) }; // written by `publish`
}

/** The header is read without the lock that a running guest holds. */
async function checkLayer(path: string, name: string, findings: Findings): Promise<void> {
  try {
    const { stdout } = await run("qemu-img", ["info", "-U", "--output=json", path]);
    const { format } = JSON.parse(stdout) as { format: string }; // qemu-img's own form
    if (format !== "qcow2") findings.add(name, "is no qcow2 file any more");
  } catch (thrown) {
    findings.add(name, `cannot be read: ${thrown instanceof Error && "stderr" in thrown ? String(thrown.stderr).trim() : String(thrown)}`);
  }
}

function checkAttachments(
  volumes: readonly VolumeRow[],
  attachments: readonly VolumeAttachmentRow[],
  exported: ReadonlyMap<string, readonly string[]>,
  findings: Findings,
): void {
  for (const volume of volumes) {
    const mine = attachments.filter(({ volume_id: id }) => id === volume.id);
    if (mine.length > 1 && volume.multi_attach === 0) findings.add(volume.id, `is attached ${mine.length} times, and is no multi-attach volume`);
    const allowed = new Set(mine.map(exportNameOf));
    for (const name of exported.get(volume.id) ?? []) if (!allowed.has(name)) findings.add(volume.id, `is exported under the name of an attachment that is gone: ${name}`);
  }
  const ids = new Set<string>(volumes.map(({ id }) => id));
  for (const { volume_id: id, instance_id: instance } of attachments) if (!ids.has(id)) findings.add(id, `is attached to ${instance}, but is gone`);
}
