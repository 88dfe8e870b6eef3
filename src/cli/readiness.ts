/**
 * Waits until the data centre can be used: the control plane answers, every host and storage node has arrived and can take guests, and the
 * small image is there. Shows each step, and gives up with the reason when the leading process ends, an image cannot be built, or nothing
 * moves for long. The computers of emulated hosts, and the trials of engines, take as long as they take.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { findArrivals } from "./arrived.ts";
import { CommandError } from "./command-error.ts";
import { findStatus } from "./control-client.ts";
import { watchStarts } from "./emulated-host/watch-starts.ts";
import { findImageBuild } from "./image-builds.ts";
import type { Installation } from "./installation.ts";
import { lastProblem, lastWords } from "./last-words.ts";
import { logFile } from "./launch.ts";
import { isPoweredOff } from "./power.ts";
import { findComponents } from "./processes.ts";
import type { StatusReport } from "./status-report.ts";
import type { Progress } from "./terminal.ts";
import { listHosts, listNodes } from "./topology.ts";

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
  const { installation, progress } = waiting;
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const first = await waitFor(waiting, () => ({ text: "starting the control plane" }), (report) => report);
  progress.done(`control plane at ${first.url} (${seconds()})`);
  const emulated = new Set(listHosts(installation.topology).flatMap((host) => (host.emulated === undefined ? [] : host.id)));
  const look = watchStarts({ ...waiting, runDirectory: installation.runDirectory });
  const hosts = (report: StatusReport | undefined): Step => {
    const { arrived: here, absent, tried } = findArrivals(report, listAwaited(waiting, report));
    const starting = look(absent.filter((id) => emulated.has(id)));
    const steps = [...starting, ...tried.filter((id) => !emulated.has(id)).map((id) => `${id} finds out what it can do`)];
    return { text: [`waiting for hosts: ${here.length} of ${here.length + absent.length}`, ...steps].join("; "), isAlive: steps.length > 0 };
  };
  const arrived = await waitFor(waiting, hosts, (report) => {
    const { arrived: here, absent } = findArrivals(report, listAwaited(waiting, report));
    return absent.length === 0 ? here.length : undefined;
  });
  const off = countNodes(installation) - arrived;
  progress.done(`${arrived} hosts and storage nodes${off === 0 ? "" : `, ${off} switched off`} (${seconds()})`);
  if (installation.simulated) return first;
  const ready = await waitFor(waiting, () => ({ text: imageStep(installation) }), (report) => {
    const there = report.images.some((image) => image.state === "available" && image.name.includes(firstImageName));
    return there ? report : undefined;
  });
  progress.done(`image ${firstImageName} (${seconds()})`);
  return ready;
}

interface Step {
  readonly text: string;
  /** It goes on, also while nothing of it is seen. */
  readonly isAlive?: boolean;
}

async function waitFor<T>(
  { dataDirectory, installation, leader, progress }: Waiting,
  step: (report: StatusReport | undefined) => Step,
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
    const { text: now, isAlive = false } = step(report);
    if (now !== text || isAlive) changedAt = performance.now();
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
  return new CommandError(`The ${leader.replace("-", " ")} ended: ${lastProblem(lastWords(logFile(dataDirectory, leader))) ?? "its log says no reason"}`, {
    remedy: `Look at ${logFile(dataDirectory, leader)} and ./hostelry doctor.`,
  });
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

/** The hosts and storage nodes of the topology, but those that are switched off or have been removed since; other machines that have joined are not waited for. */
function listAwaited({ dataDirectory, installation: { topology } }: Waiting, report: StatusReport | undefined): readonly string[] {
  const zones = report?.regions.flatMap((region) => region.zones);
  const known = zones && new Set(zones.flatMap((zone) => [...zone.storageNodes, ...zone.hosts]).map(({ id }) => id));
  return listNodes(topology).flatMap(({ id }) => ((known?.has(id) ?? true) && !isPoweredOff(dataDirectory, id) ? id : []));
}

function countNodes({ topology }: Installation): number {
  return topology.regions.flatMap((region) => region.zones).reduce((sum, zone) => sum + zone.hosts.length + zone.storageNodes.length, 0);
}
