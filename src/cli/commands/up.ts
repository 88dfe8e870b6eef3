/**
 * `up`: starts the data centre, or takes over what of it still runs, and returns when it is ready.
 *
 * Real: a supervisor process, which starts everything else. Simulated: the control plane alone, with the simulated hosts in it.
 * Whatever runs already is never started twice (`launch.ts`), so `up` may be called at any time, also twice at once.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, exitCodes } from "../command-error.ts";
import { componentName } from "../component.ts";
import { surroundings, type Surroundings } from "../directories.ts";
import { conflictChecks } from "../doctor/network.ts";
import { readRoutes } from "../free-block.ts";
import { applyRequest, ensureInstallation, findInstallation, replaceInstallation, type Installation, type InstallationRequest } from "../installation.ts";
import { launchComponent } from "../launch.ts";
import { machineSize } from "../machine-size.ts";
import { nextSteps } from "../next-steps.ts";
import { installationParts, prepareDataDirectory } from "../prepare-installation.ts";
import { chooseFreePort, isPortFree } from "../ports.ts";
import { findComponents, type ComponentProcess } from "../processes.ts";
import type { UpOptions } from "../program-up.ts";
import { waitUntilReady } from "../readiness.ts";
import { shareWithCaller } from "../share-with-caller.ts";
import { counted, terminalProgress, type Progress } from "../terminal.ts";
import { parseTopology } from "../topology.ts";
import { guestsRemain, shutDown } from "../shut-down.ts";

export async function up(options: UpOptions): Promise<void> {
  const around = surroundings();
  const progress = terminalProgress(process.stdout);
  const request = parseRequest(options);
  if (!request.simulated && around.uid !== 0) {
    throw new CommandError("Real guests need root.", { remedy: "Run it as root; or use --simulated, which needs neither root nor packages." });
  }
  const dataDirectory = prepareDataDirectory(options.data, request.simulated, around);
  const running = findComponents(dataDirectory);
  const installation = await currentInstallation(dataDirectory, request, running, around);
  const leader = request.simulated ? "control-plane" : "supervisor";
  greet(dataDirectory, installation, running, leader, progress);
  if (!running.some(({ component }) => component.kind === leader)) launchLeader(leader, dataDirectory, installation);
  if (options.detach === true) {
    progress.note("It goes on in the background: ./hostelry status");
    return;
  }
  try {
    const report = await waitUntilReady({ dataDirectory, installation, leader, progress });
    shareWithCaller(dataDirectory, report.url, around.environment);
    progress.end();
    process.stdout.write(nextSteps(report, { simulated: installation.simulated, ...(options.data === undefined ? {} : { data: options.data }) }));
  } finally {
    progress.end();
  }
  if (options.foreground === true) await stayUntilInterrupted(dataDirectory, installation, progress);
}

function parseRequest(options: UpOptions): InstallationRequest {
  const plan = options.topology === undefined ? undefined : parseTopology(readTopologyFile(options.topology), options.topology);
  return {
    simulated: options.simulated === true,
    openAccounts: options.openAccounts === true,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(plan === undefined ? {} : { plan }),
  };
}

function readTopologyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandError(`The topology file ${file} cannot be read.`, { cause, exitCode: exitCodes.usage });
  }
}

async function currentInstallation(
  dataDirectory: string,
  request: InstallationRequest,
  running: readonly ComponentProcess[],
  around: Surroundings,
): Promise<Installation> {
  const machine = machineSize();
  const existing = running.length === 0 ? undefined : findInstallation(dataDirectory);
  if (existing !== undefined && existing.simulated === request.simulated) {
    if (JSON.stringify(applyRequest(existing, request, machine)) === JSON.stringify(existing)) return existing;
    throw new CommandError("Hostelry is already running, with other options.", { remedy: "End it first (./hostelry down), or leave the options as they are." });
  }
  const installation = await ensureInstallation(dataDirectory, request, installationParts(request.simulated, around));
  if (!installation.simulated) refuseTakenBlocks(installation);
  return settlePort(dataDirectory, installation, request);
}

/** A port that a stranger took is refused, or exchanged when any would do. */
async function settlePort(dataDirectory: string, installation: Installation, request: InstallationRequest): Promise<Installation> {
  const free = await isPortFree(installation.port);
  // Looked for after the port, since another `up` may be starting it just now.
  if (free || findComponents(dataDirectory).some(({ component }) => component.kind === "control-plane")) return installation;
  if (request.port !== 0) throw new CommandError(`Port ${installation.port} is in use on this machine.`, { remedy: "Give another one with --port NUMBER." });
  const moved = { ...installation, port: await chooseFreePort() };
  replaceInstallation(dataDirectory, moved);
  return moved;
}

/** The blocks were free when they were chosen; another installation or a VPN may have come since. */
function refuseTakenBlocks(installation: Installation): void {
  const conflict = conflictChecks(installation, readRoutes()).find((check) => check.result === "no");
  if (conflict !== undefined) throw new CommandError(`The ${conflict.name} cannot be used: ${conflict.detail}.`, conflict.remedy === undefined ? {} : { remedy: `${conflict.remedy}.` });
}

function greet(
  dataDirectory: string,
  installation: Installation,
  running: readonly ComponentProcess[],
  leader: "supervisor" | "control-plane",
  progress: Progress,
): void {
  const { id, topology } = installation;
  if (running.some(({ component }) => component.kind === leader)) {
    progress.note(`Hostelry ${id} is already running (${dataDirectory}).`);
  } else if (running.length > 0) {
    const names = running.map(({ component }) => componentName(component)).toSorted().join(", ");
    progress.note(`Hostelry ${id} was left without its ${leader.replace("-", " ")}; taking over what still runs: ${names}.`);
  } else if (guestsRemain(installation)) {
    progress.note(`Hostelry ${id} did not end properly; its processes start again and take over the guests and volumes that still run (${dataDirectory}).`);
  } else {
    const zones = topology.regions.flatMap((region) => region.zones);
    const hosts = zones.reduce((sum, zone) => sum + zone.hosts.length, 0);
    const where = `${counted(topology.regions.length, "region")}, ${counted(zones.length, "zone")}, ${counted(hosts, "host")}`;
    progress.note(`Starting Hostelry ${id}: ${where} (${dataDirectory}).`);
  }
}

function launchLeader(kind: "supervisor" | "control-plane", dataDirectory: string, installation: Installation): void {
  mkdirSync(installation.runDirectory, { recursive: true, mode: 0o755 });
  const child = launchComponent({ kind }, { dataDirectory, runDirectory: installation.runDirectory });
  child.unref();
  child.once("error", () => {}); // `waitUntilReady` sees that it does not run
}

async function stayUntilInterrupted(dataDirectory: string, installation: Installation, progress: Progress): Promise<void> {
  progress.note("\nCtrl-C shuts everything down.");
  const interrupted = new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  const ended = (async () => {
    // Somebody else's `down` ends this command too.
    while (findComponents(dataDirectory).length > 0) await sleep(1_000);
  })();
  await Promise.race([interrupted, ended]);
  await shutDown({ dataDirectory, installation, progress });
}
