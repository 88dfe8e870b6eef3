/** `volume show`: whose a volume is and who holds it, as the control plane has it; its layers, exports and present work, as its storage node has them. */
import type { VolumeDescription } from "../../host/disk/volumes.ts";
import { agentSocket, askControlPlane, callSocket } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import type { VolumeRecord } from "../storage/show-volume.ts";
import { renderTable } from "../terminal.ts";

/** Without what the storage node has, where it does not answer or only plays to be there. */
export type ShownVolume = VolumeRecord & Partial<Omit<VolumeDescription, "id" | "sizeGib">>;

export async function volumeShow(id: string, options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const { runDirectory } = current.installation;
  const record = await askControlPlane<VolumeRecord>(current, { method: "GET", path: `/v1/volumes/${encodeURIComponent(id)}`, timeoutMs: 10_000 });
  const shown: ShownVolume = { ...(await askNode(runDirectory, record)), ...record };
  process.stdout.write(`${options.json === true ? JSON.stringify(shown, undefined, 2) : renderVolume(shown)}\n`);
}

async function askNode(runDirectory: string, { id, storageNode }: VolumeRecord): Promise<VolumeDescription | undefined> {
  const answer = await callSocket(agentSocket(runDirectory, storageNode), { method: "GET", path: `/v1/volumes/${id}`, timeoutMs: 10_000 }).catch(() => undefined);
  return answer?.status === 200 ? (JSON.parse(answer.body) as VolumeDescription) : undefined; // our own process wrote it
}

export function renderVolume(volume: ShownVolume): string {
  const { id, account, zone, storageNode, sizeGib, type, encrypted, state, heldBy } = volume;
  return renderTable([
    ["volume", `${id} of account ${account} in ${zone}, ${sizeGib} GiB of ${type}${encrypted ? ", encrypted" : ""}`],
    ["state", state],
    ["held by", heldBy.length === 0 ? "nothing" : heldBy.map((holder) => `${holder.instance} as ${holder.device}, ${holder.state}${holder.host === undefined ? "" : `, on ${holder.host}`}`).join("; ")],
    ["begun as", beginning(volume)],
    ["kept on", volume.layers === undefined ? `${storageNode}, which does not say more` : storageNode],
    ...renderStored(volume),
  ]);
}

function beginning({ snapshot, source, facts }: ShownVolume): string {
  const share = facts?.condition.initializedPercent;
  return `${snapshot ?? (source === "file" ? "an image file" : "nothing")}${share === undefined ? "" : `, ${share} % here`}`;
}

function renderStored({ layers = [], exports, work, facts }: ShownVolume): string[][] {
  const impairment = facts?.condition.impairment;
  return [
    ...layers.map(({ number, storedBytes, moment }, place) => [
      `layer ${number}`,
      [`${(storedBytes / 2 ** 20).toFixed(1)} MiB`, place === layers.length - 1 ? "active" : "frozen", ...(moment === undefined ? [] : [`up to ${moment}`])].join(", "),
    ]),
    ...(exports === undefined ? [] : [["exports", exports.length === 0 ? "none" : exports.join(", ")]]),
    ...(work === undefined ? [] : [["work", `${work.kind}, ${work.percent} %`]]),
    ...(facts?.snapshots ?? []).map((snapshot) => ["snapshot", `${snapshot.id}, ${snapshot.state}, ${snapshot.percent} %`]),
    ...(impairment === undefined ? [] : [["impaired", impairment.detail]]),
  ];
}
