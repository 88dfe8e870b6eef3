/** `snapshot show`: where a snapshot's bytes are and who needs them. */
import { askControlPlane } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import type { SnapshotBlocks, SnapshotFacts } from "../storage/show-snapshot.ts";
import { renderTable } from "../terminal.ts";

export async function snapshotShow(id: string, options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const path = `/v1/snapshots/${encodeURIComponent(id)}`;
  const facts = await askControlPlane<SnapshotFacts>(current, { method: "GET", path, timeoutMs: 60_000 });
  process.stdout.write(`${options.json === true ? JSON.stringify(facts, undefined, 2) : renderSnapshot(facts)}\n`);
}

export function renderSnapshot(facts: SnapshotFacts): string {
  const { id, region, account, state, percent, reason, origin, source, volumeSizeGib, encrypted, blocks, heldBy } = facts;
  const rows = [
    ["snapshot", `${id} of account ${account} in ${region === "*" ? "every region" : region}`],
    ["state", [state, ...(state === "pending" ? [`${percent} %`] : []), ...(reason === undefined ? [] : [reason])].join(", ")],
    ["made from", [origin, ...(source === undefined ? [] : [source])].join(" ")],
    ["volume size", `${volumeSizeGib} GiB${encrypted ? ", encrypted" : ""}`],
    ...(blocks === undefined ? [] : renderBlocks(blocks)),
    ["held by", heldBy.length === 0 ? "nothing" : heldBy.join(", ")],
  ];
  return renderTable(rows);
}

function renderBlocks({ total, moved, distinct, shared, bytes, storedBytes }: SnapshotBlocks): string[][] {
  const ratio = storedBytes === 0 ? "" : `, 1 : ${(bytes / storedBytes).toFixed(1)}`;
  return [
    ["blocks", `${total}, of them ${moved} new with it; ${distinct} different, ${shared} of these in other snapshots too`],
    ["bytes", `${mib(bytes)} MiB in ${mib(storedBytes)} MiB of files${ratio}`],
  ];
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
