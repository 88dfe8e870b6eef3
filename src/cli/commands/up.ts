/**
 * `up`: starts the data centre, or takes over what of it still runs, and returns when it is ready.
 *
 * Real: a supervisor process, which starts everything else. Simulated: the control plane alone, with the simulated hosts in it.
 * Whatever runs already is never started twice (`launch.ts`), so `up` may be called at any time, also twice at once.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isLoopback } from "../../base/loopback.ts";
import { openStore } from "../../store/store.ts";
import { namedPlans, type MachineSize } from "../build-topology.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { componentName } from "../component.ts";
import { databaseFile, surroundings, type Surroundings } from "../directories.ts";
import { conflictChecks } from "../doctor/network.ts";
import { readRoutes } from "../free-block.ts";
import { applyRequest, ensureInstallation, findInstallation, replaceInstallation, type Installation, type InstallationRequest } from "../installation.ts";
import { findMembership } from "../join/membership.ts";
import { launchComponent } from "../launch.ts";
import { machineSize } from "../machine-size.ts";
import { devicesNamed, requireAccelerators } from "../named-devices.ts";
import { nextSteps } from "../next-steps.ts";
import { installationParts, prepareDataDirectory } from "../prepare-installation.ts";
import { chooseFreePort, isPortFree } from "../ports.ts";
import { findComponents, type ComponentProcess } from "../processes.ts";
import type { UpOptions } from "../program-up.ts";
import { waitUntilReady } from "../readiness.ts";
import { listOwnAddresses, remoteUrl } from "../remote-address.ts";
import { shareWithCaller } from "../share-with-caller.ts";
import { counted, terminalProgress, type Progress } from "../terminal.ts";
import { parseTopology } from "../topology.ts";
import { departuresOf, refuseOrphans } from "../topology-orphans.ts";
import { guestsRemain, shutDown } from "../shut-down.ts";

export async function up(options: UpOptions): Promise<void> {
  const around = surroundings();
  const progress = terminalProgress(process.stdout);
  const request = parseRequest(options);
  if (!request.simulated && around.uid !== 0) {
    throw new CommandError("Real guests need root.", { remedy: "Run it as root; or use --simulated, which needs neither root nor packages." });
  }
  requireAccelerators(request.accelerators ?? []);
  const dataDirectory = prepareDataDirectory(options.data, request.simulated, around);
  const membership = findMembership(dataDirectory);
  if (membership !== undefined) throw new CommandError(`${dataDirectory} is that of the host ${membership.host} of another data centre.`, { remedy: "Give another directory with --data DIR; ./hostelry host join starts the host." });
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
    const remote = installation.listen === undefined ? {} : { remote: remoteUrl(installation.listen, installation.port) };
    process.stdout.write(nextSteps(report, { simulated: installation.simulated, ...remote, ...(options.data === undefined ? {} : { data: options.data }) }));
  } finally {
    progress.end();
  }
  if (options.foreground === true) await stayUntilInterrupted(dataDirectory, installation, progress);
}

function parseRequest(options: UpOptions): InstallationRequest {
  const plan = options.topology === undefined ? undefined : (namedPlans[options.topology] ?? parseTopology(readTopologyFile(options.topology), options.topology));
  return {
    simulated: options.simulated === true,
    openAccounts: options.openAccounts === true,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(plan === undefined ? {} : { plan }),
    ...(options.accelerators === undefined ? {} : { accelerators: devicesNamed(options.accelerators) }),
    ...(options.joinDevice === undefined ? {} : { joinDevice: options.joinDevice }),
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
    const same = applyRequest(existing, request, machine);
    if (JSON.stringify(same) === JSON.stringify(existing)) return existing;
    throw new CommandError("Hostelry is already running, with other options.", { remedy: "End it first (./hostelry down), or leave the options as they are." });
  }
  await refuseOrphaning(dataDirectory, request, machine);
  requireOwnAddress(request.listen);
  const installation = await ensureInstallation(dataDirectory, request, installationParts(request.simulated, around));
  if (!installation.simulated) refuseTakenBlocks(installation);
  return settlePort(dataDirectory, installation, request);
}

/** A topology without a node that something is on is refused, as while the data centre runs. */
async function refuseOrphaning(dataDirectory: string, request: InstallationRequest, machine: MachineSize): Promise<void> {
  const existing = findInstallation(dataDirectory);
  const database = databaseFile(dataDirectory);
  if (existing === undefined || !existsSync(database)) return;
  const departure = departuresOf(existing.topology, applyRequest(existing, request, machine).topology);
  if (departure.nodes.length === 0) return;
  await using store = await openStore(database);
  await store.read((tx) => refuseOrphans(tx, departure));
}

function requireOwnAddress(address: string | undefined): void {
  if (address === undefined || isLoopback(address) || listOwnAddresses().includes(address)) return;
  throw new CommandError(`This machine does not have the address ${address}.`, { remedy: `It has: ${listOwnAddresses().join(", ")}`, exitCode: exitCodes.usage });
}

/** A port that a stranger took is refused, or exchanged when any would do. An address that is gone by now is waited for. */
async function settlePort(dataDirectory: string, installation: Installation, request: InstallationRequest): Promise<Installation> {
  const { port, listen } = installation;
  const outer = listen !== undefined && listOwnAddresses().includes(listen) ? [listen] : [];
  const free = (await isPortFree(port)) && (await Promise.all(outer.map((address) => isPortFree(port, address)))).every(Boolean);
  // Looked for after the port, since another `up` may be starting it just now.
  if (free || findComponents(dataDirectory).some(({ component }) => component.kind === "control-plane")) return installation;
  if (request.port !== 0) throw new CommandError(`Port ${port} is in use on this machine.`, { remedy: "Give another one with --port NUMBER." });
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
