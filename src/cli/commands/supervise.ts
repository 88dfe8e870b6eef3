/** `supervise`: the background process that makes the network, keeps the other processes running and has the first image built. */
import { existsSync, mkdirSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { errorChain } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Component } from "../component.ts";
import { followInstallation } from "../follow-installation.ts";
import { notRunning } from "../command-error.ts";
import { launchImageBuild } from "../image-builds.ts";
import { findInstallation, type Installation } from "../installation.ts";
import { superviseJoinedHost } from "../join/joined-host.ts";
import { findMembership } from "../join/membership.ts";
import { launchComponent, lockHeld } from "../launch.ts";
import { ensureNetworks, namespaceOf } from "../networks.ts";
import { isPoweredOff } from "../power.ts";
import { endSignal, processLog } from "../process-log.ts";
import { findComponents } from "../processes.ts";
import { firstImageName } from "../readiness.ts";
import { superviseComponents } from "../supervisor.ts";

export async function supervise(dataDirectory: string): Promise<void> {
  const log = processLog("supervisor");
  const signal = endSignal();
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) return superviseMember(dataDirectory, log, signal);
  const { runDirectory } = installation;
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  try {
    // Processes do not wait for the network, so the control plane starts meanwhile.
    launchUnlessRunning({ kind: "control-plane" }, dataDirectory, runDirectory);
    const { made, turnedForwardingOn } = await ensureNetworks(installation);
    log.info("the underlay network is there", { made: made.length, turnedForwardingOn });
  } catch (error) {
    log.error(`the underlay network cannot be made: ${errorChain(error)}`, { error });
    throw error;
  }
  flushCompileCache();
  ensureFirstImage(installation, dataDirectory, log, signal);
  await superviseComponents({
    wanted: followInstallation(dataDirectory, installation, log),
    launch: (component) =>
      launchComponent(component, {
        dataDirectory,
        runDirectory,
        ...(component.kind === "agent" ? { networkNamespace: namespaceOf(installation, component.node) } : {}),
      }),
    isHeld: (component) => "node" in component && isPoweredOff(dataDirectory, component.node),
    findRunning: () => findComponents(dataDirectory),
    now: () => performance.now(),
    log,
    signal,
  });
  log.info("the supervisor leaves; everything else stays");
  process.exit(0); // a build that still runs must not hold it
}

/** The same for a machine that has joined a data centre elsewhere. */
async function superviseMember(dataDirectory: string, log: Log, signal: AbortSignal): Promise<void> {
  const membership = findMembership(dataDirectory);
  if (membership === undefined) throw notRunning(dataDirectory);
  await superviseJoinedHost({ dataDirectory, membership }, log, signal);
  process.exit(0);
}

function launchUnlessRunning(component: Component, dataDirectory: string, runDirectory: string): void {
  if (findComponents(dataDirectory).some((running) => running.component.kind === component.kind)) return;
  launchComponent(component, { dataDirectory, runDirectory }).unref();
}

const imageRetryMs = 60_000;

/** Has the first image built until it is there. */
function ensureFirstImage(installation: Installation, dataDirectory: string, log: Log, signal: AbortSignal): void {
  if (signal.aborted || existsSync(join(dataDirectory, "images", `${firstImageName}.json`))) return;
  const build = launchImageBuild(firstImageName, { dataDirectory, runDirectory: installation.runDirectory });
  log.info("building the first image", { image: firstImageName, pid: build.pid });
  build.once("error", (error) => log.error("the image build cannot be started", { error }));
  build.once("exit", (code) => {
    if (code === 0 || signal.aborted) return;
    if (code !== lockHeld) log.error("the image build failed and will be tried again", { image: firstImageName, code, inMs: imageRetryMs });
    setTimeout(() => ensureFirstImage(installation, dataDirectory, log, signal), code === lockHeld ? 1_000 : imageRetryMs).unref();
  });
}
