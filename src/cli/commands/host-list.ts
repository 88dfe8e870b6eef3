/** `host list`: the first table of `status` alone. */
import { notRunning } from "../command-error.ts";
import { findStatus } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { renderHosts } from "./status.ts";

export async function hostList(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const report = await findStatus(current.installation);
  if (report === undefined) throw notRunning(current.dataDirectory);
  process.stdout.write(`${options.json === true ? JSON.stringify(report.regions, undefined, 2) : renderHosts(report, current.installation.simulated)}\n`);
}
