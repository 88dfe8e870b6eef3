/** `inspect`: what becomes of a guest's privileged operations, and what its devices are, as its host sees it for a second. */
import { askControlPlane } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import type { GuestInspection } from "../inspect/inspect-guest.ts";
import { renderInspection } from "../inspect/render-inspection.ts";

const sampleMs = 1_000;

export async function inspect(id: string, options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const found = await askControlPlane<GuestInspection>(current, { method: "GET", path: inspectionPath(id, sampleMs), timeoutMs: 60_000 });
  process.stdout.write(`${options.json === true ? JSON.stringify(found, undefined, 2) : renderInspection(found)}\n`);
}

/** At the control plane's socket. */
export function inspectionPath(id: string, lookMs: number): string {
  return `/v1/machines/${encodeURIComponent(id)}/inspection?sampleMs=${lookMs}`;
}
