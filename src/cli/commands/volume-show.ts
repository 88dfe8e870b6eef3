/** `volume show`: the layers, exports and present work of a volume, as its storage node has them. */
import type { VolumeDescription } from "../../host/disk/volumes.ts";
import { CommandError } from "../command-error.ts";
import { agentSocket, callSocket } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { renderTable } from "../terminal.ts";

export async function volumeShow(id: string, options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const { runDirectory, topology } = current.installation;
  const nodes = topology.regions.flatMap(({ zones }) => zones.map(({ storageNode }) => storageNode.id));
  const answers = await Promise.all(nodes.map((node) => askNode(runDirectory, node, id)));
  const found = answers.find((answer) => answer !== undefined);
  if (found === undefined) throw new CommandError(`No storage node that runs has the volume ${id}.`, { remedy: "See ./hostelry status" });
  process.stdout.write(`${options.json === true ? JSON.stringify(found, undefined, 2) : renderVolume(found)}\n`);
}

/** Undefined also when the node does not answer. */
async function askNode(runDirectory: string, node: string, id: string): Promise<(VolumeDescription & { readonly node: string }) | undefined> {
  const path = `/v1/volumes/${encodeURIComponent(id)}`;
  const answer = await callSocket(agentSocket(runDirectory, node), { method: "GET", path, timeoutMs: 10_000 }).catch(() => undefined);
  if (answer?.status !== 200) return undefined;
  const description = JSON.parse(answer.body) as VolumeDescription; // our own process wrote it
  return { ...description, node };
}

export function renderVolume({ id, node, sizeGib, source, layers, exports, work, facts }: VolumeDescription & { readonly node: string }): string {
  const { initializedPercent, impairment } = facts.condition;
  return renderTable([
    ["volume", `${id} on ${node}, ${sizeGib} GiB`],
    ["begun as", source === undefined ? "nothing" : `a ${source === "file" ? "image file" : "snapshot"}${initializedPercent === undefined ? "" : `, ${initializedPercent} % here`}`],
    ...layers.map(({ number, storedBytes, moment }, place) => [
      `layer ${number}`,
      [`${(storedBytes / 2 ** 20).toFixed(1)} MiB`, place === layers.length - 1 ? "active" : "frozen", ...(moment === undefined ? [] : [`up to ${moment}`])].join(", "),
    ]),
    ["exports", exports.length === 0 ? "none" : exports.join(", ")],
    ["work", work === undefined ? "none" : `${work.kind}, ${work.percent} %`],
    ...facts.snapshots.map((snapshot) => ["snapshot", `${snapshot.id}, ${snapshot.state}, ${snapshot.percent} %`]),
    ...(impairment === undefined ? [] : [["impaired", impairment.detail]]),
  ]);
}
