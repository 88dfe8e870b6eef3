/**
 * Waits until the data centre can be used: the control plane answers, every host and storage node has arrived, and the small image is
 * there. Shows each step, and gives up with the reason when the leading process ends, an image cannot be built, or nothing
 * moves for long.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError } from "./command-error.ts";
import { findStatus } from "./control-client.ts";
import { findImageBuild } from "./image-builds.ts";
import type { Installation } from "./installation.ts";
import { logFile } from "./launch.ts";
import { isPoweredOff } from "./power.ts";
import { findComponents } from "./processes.ts";
import type { StatusReport } from "./status-report.ts";
import type { Progress } from "./terminal.ts";

/** The image that is built during `up`. */
export const firstImageName = "tiny";

interface Waiting {
  readonly dataDirectory: string;
  readonly installation: Installation;
  readonly leader: "supervisor" | "control-plane";
  readonly progress: Progress;
}

const pollMs = 50;
const stuckAfterMs = 180_000;

export async function waitUntilReady(waiting: Waiting): Promise<StatusReport> {
  const { installation, progress, dataDirectory } = waiting;
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const first = await waitFor(waiting, "starting the control plane", (report) => report);
  progress.done(`control plane at ${first.url} (${seconds()})`);
  const arrived = await waitFor(waiting, (report) => `waiting for hosts: ${arrivals(report, dataDirectory).join(" of ")}`, (report) => {
    const [up = 0, all = 0] = arrivals(report, dataDirectory);
    return up === all ? all : undefined;
  });
  const off = countNodes(installation) - arrived;
  progress.done(`${arrived} hosts and storage nodes${off === 0 ? "" : `, ${off} switched off`} (${seconds()})`);
  if (installation.simulated) return first;
  const ready = await waitFor(waiting, () => imageStep(installation), (report) => {
    const there = report.images.some((image) => image.state === "available" && image.name.includes(firstImageName));
    return there ? report : undefined;
  });
  progress.done(`image ${firstImageName} (${seconds()})`);
  return ready;
}

async function waitFor<T>(
  { dataDirectory, installation, leader, progress }: Waiting,
  step: string | ((report: StatusReport | undefined) => string),
  ready: (report: StatusReport) => T | undefined,
): Promise<T> {
  let text = "";
  const startedAt = performance.now();
  let changedAt = startedAt;
  let lookAt = startedAt + 200;
  let leaderSeen = false;
  for (;;) {
    const askedAt = performance.now();
    const report = await findStatus(installation);
    const result = report === undefined ? undefined : ready(report);
    if (result !== undefined) return result;
    const now = typeof step === "string" ? step : step(report);
    if (now !== text) changedAt = performance.now();
    text = now;
    progress.working(text);
    if (performance.now() >= lookAt) {
      const leads = findComponents(dataDirectory).some(({ component }) => component.kind === leader);
      // It may not have begun when it is looked for first.
      if (!leads && (leaderSeen || performance.now() - startedAt > 3_000)) throw leaderEnded(dataDirectory, leader);
      leaderSeen ||= leads;
      refuseFailedImage(dataDirectory, installation);
      lookAt = performance.now() + 500;
    }
    if (performance.now() - changedAt > stuckAfterMs) {
      throw new CommandError(`Nothing has happened for ${stuckAfterMs / 1000} seconds while ${text}.`, { remedy: "Look at ./hostelry logs and ./hostelry doctor. It still runs in the background." });
    }
    await sleep(Math.max(pollMs, 3 * (performance.now() - askedAt))); // the wait must not be what takes the time
  }
}

function leaderEnded(dataDirectory: string, leader: string): CommandError {
  return new CommandError(`The ${leader.replace("-", " ")} ended: ${lastProblem(logFile(dataDirectory, leader)) ?? "its log says no reason"}`, {
    remedy: `Look at ${logFile(dataDirectory, leader)} and ./hostelry doctor.`,
  });
}

/** The message of the last error in a log, or of its last line. */
export function lastProblem(file: string): string | undefined {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").trim().split("\n").slice(-50);
  } catch {
    return undefined;
  }
  return lines.findLast(isError) ?? lines.at(-1);
}

function isError(line: string): boolean {
  return line.includes('"level":"error"') || line.startsWith("hostelry: ");
}

function refuseFailedImage(dataDirectory: string, { runDirectory, simulated }: Installation): void {
  const build = simulated ? undefined : findImageBuild(runDirectory, firstImageName);
  if (build?.state !== "failed") return;
  throw new CommandError(`The image ${firstImageName} could not be built: ${build.step}`, {
    remedy: `Everything else runs. Look at ${logFile(dataDirectory, `image-${firstImageName}`)}; try again with ./hostelry image build ${firstImageName}`,
  });
}

function imageStep({ runDirectory }: Installation): string {
  const build = findImageBuild(runDirectory, firstImageName);
  return build === undefined ? `waiting for the image ${firstImageName}` : `building the image ${firstImageName}: ${build.step}`;
}

/** How many hosts and storage nodes are there, and of how many; those that are switched off are not waited for. */
function arrivals(report: StatusReport | undefined, dataDirectory: string): readonly number[] {
  const zones = report?.regions.flatMap((region) => region.zones) ?? [];
  const nodes = zones.flatMap((zone) => [zone.storageNode, ...zone.hosts]).filter(({ id }) => !isPoweredOff(dataDirectory, id));
  return [nodes.filter(({ state }) => state === "up" || state === "draining").length, nodes.length];
}

function countNodes({ topology }: Installation): number {
  return topology.regions.flatMap((region) => region.zones).reduce((sum, zone) => sum + zone.hosts.length + 1, 0);
}
