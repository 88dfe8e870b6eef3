/** `doctor`: works before the first `up` and without root, and says what it could not check. */
import { errorChain } from "../../base/errors.ts";
import { exitCodes } from "../command-error.ts";
import { findStatus } from "../control-client.ts";
import { existingDataDirectory, surroundings } from "../directories.ts";
import type { ProbedEngines } from "../doctor/engines.ts";
import { examine } from "../doctor/checks.ts";
import { renderChecks, verdict } from "../doctor/render.ts";
import { findInstallation, type Installation } from "../installation.ts";
import { terminalProgress } from "../terminal.ts";

export async function doctor(options: { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const around = surroundings();
  const isRoot = around.uid === 0;
  const dataDirectory = existingDataDirectory(options.data, around);
  const installation = findInstallation(dataDirectory);
  const groups = examine({ isRoot, dataDirectory, networks: installation?.simulated === true ? undefined : installation, engines: await findEngines(installation, isRoot) });
  const checks = groups.flatMap((group) => group.checks);
  process.stdout.write(options.json === true ? `${JSON.stringify({ verdict: verdict(checks), groups }, undefined, 2)}\n` : renderChecks(groups));
  if (checks.some((check) => check.result === "no" && check.required)) process.exitCode = exitCodes.failed;
}

/** From an agent that runs, since it has probed; else by a probe of our own, which needs root. */
async function findEngines(installation: Installation | undefined, isRoot: boolean): Promise<ProbedEngines> {
  const known = installation === undefined || installation.simulated ? undefined : await reportedEngines(installation);
  if (known !== undefined) return known;
  if (!isRoot) return { unprobed: "can only be probed as root" };
  const progress = terminalProgress(process.stderr);
  progress.working("booting a minimal guest with each engine");
  try {
    const { probeMachine } = await import("../engine-probe.ts");
    return await probeMachine(AbortSignal.timeout(60_000));
  } catch (thrown) {
    return { unprobed: `the probe could not be made (${errorChain(thrown)})` };
  } finally {
    progress.end();
  }
}

async function reportedEngines(installation: Installation): Promise<ProbedEngines | undefined> {
  try {
    const report = await findStatus(installation);
    const hosts = report?.regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts)) ?? [];
    const [described] = hosts.flatMap(({ engines, arm64 }) => (engines === undefined ? [] : [{ engines, ...(arm64 === undefined ? {} : { arm64 }) }]));
    return described;
  } catch {
    return undefined; // another user's socket
  }
}
