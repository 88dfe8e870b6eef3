/** `fsck`: whether what is stored is what the rows say, byte by byte. */
import { askControlPlane } from "../control-client.ts";
import { exitCodes } from "../command-error.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import type { Finding, StorageCheck } from "../storage/findings.ts";
import { terminalProgress } from "../terminal.ts";

/** Everything that is stored is read: hours, in a large installation. */
const timeoutMs = 24 * 3_600_000;

export async function fsck(options: { readonly data?: string; readonly json?: boolean; readonly repair?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const progress = terminalProgress(process.stderr);
  progress.working("Reading and verifying every block");
  const path = `/v1/storage/check${options.repair === true ? "?repair" : ""}`;
  const check = await askControlPlane<StorageCheck>(current, { method: "POST", path, timeoutMs }).finally(() => progress.end());
  process.stdout.write(`${options.json === true ? JSON.stringify(check, undefined, 2) : renderCheck(check)}\n`);
  if (check.findings.some(({ repaired }) => !repaired)) process.exitCode = exitCodes.failed;
}

export function renderCheck({ snapshots, blocks, volumes, attachments, findings }: StorageCheck): string {
  const title = `${snapshots} snapshots with ${blocks} blocks, ${volumes} volumes, ${attachments} attachments: ${findings.length === 0 ? "all is well." : `${findings.length} findings`}`;
  const canRepair = findings.some(({ remedy, repaired }) => remedy !== undefined && !repaired);
  return [title, ...findings.map(renderFinding), ...(canRepair ? ["What is safe to repair is repaired with --repair."] : [])].join("\n");
}

function renderFinding({ subject, problem, remedy, repaired }: Finding): string {
  return `  ${subject} ${problem}${repaired ? `; ${remedy}` : ""}`;
}
