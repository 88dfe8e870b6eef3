/**
 * `machine`: the background process that an emulated host's computer depends on as on its power supply: it builds the system once, runs QEMU on the switch's
 * port, and takes it down with itself, however it ends. SIGTERM is the power button: guests are shut down first.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseCidr } from "../../base/ipv4.ts";
import type { Log } from "../../base/log.ts";
import { ipBatch, namespacePath } from "../../host/network/command.ts";
import { switchNamespace, switchPort } from "../../host/network/names.ts";
import { plugIntoSwitch } from "../../host/network/underlay.ts";
import { isStorageCard } from "../../host/virtual-function/card-names.ts";
import { connectQmp } from "../../host/qmp/qmp-client.ts";
import type { CardEmulator } from "../../image/card-emulator/card-emulator.ts";
import { ensureEmulatedHost } from "../../image/emulated-host/build-emulated-host.ts";
import { CommandError, exitCodes, notRunning } from "../command-error.ts";
import type { CurrentInstallation } from "../current-installation.ts";
import { backportsCache, emulatedHostCache, packageCache } from "../directories.ts";
import { chooseEmulator } from "../emulated-host/choose-emulator.ts";
import { machineArguments } from "../emulated-host/machine-arguments.ts";
import { writeMachineFolder } from "../emulated-host/machine-folder.ts";
import { recordImageBuild } from "../image-builds.ts";
import { findInstallation, type Installation } from "../installation.ts";
import { entranceUrl } from "../join/entrance-address.ts";
import { isPoweredOff } from "../power.ts";
import { endSignal, processLog } from "../process-log.ts";
import { readResolvers } from "../resolvers.ts";
import type { TopologyHost } from "../topology.ts";
import { issueToken } from "./host-token.ts";

/** Sparse: instance stores, and what the agent remembers. */
const diskBytes = 32 * 2 ** 30;
/** Sparse: what its NVMe controller has for guests, each as large as the local disk of a c5d.large. */
const namespacesBytes = [50 * 2 ** 30, 50 * 2 ** 30];
/** It is good for this one host; on a machine that is busy it may take long until the computer asks to join. */
const tokenLifeMs = 24 * 3600_000;
/** Guests have 30 seconds, and the computer is slow. */
const powerButtonMs = 75_000;

export async function machine(dataDirectory: string, node: string): Promise<void> {
  const log = processLog(`machine-${node}`);
  const signal = endSignal();
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) throw notRunning(dataDirectory);
  if (isPoweredOff(dataDirectory, node)) throw new CommandError(`${node} is switched off.`, { remedy: `./hostelry host repair ${node}` });
  const { zone, host } = findEmulated(installation, node);
  const progress = (step: string, fraction: number) => recordStep(installation, `${step} (${Math.floor(fraction * 100)} %)`);
  const system = await ensureEmulatedHost({ cacheDirectory: emulatedHostCache, packageCache, progress, log, signal });
  const { emulator, cards } = await chooseEmulator(host.cards ?? [], { cacheDirectory: emulatedHostCache, packageCache: backportsCache, progress, log, signal });
  recordStep(installation);
  const token = await untilIssued({ dataDirectory, installation }, zone, node, signal);
  const { runDirectory } = installation;
  const folder = join(runDirectory, "machines", node);
  const { prefix } = parseCidr(installation.underlay) ?? {};
  const shares = await writeMachineFolder(join(folder, "given"), { host: node, address: `${host.underlayAddress}/${prefix}`, url: entranceUrl(installation.underlay), resolvers: readResolvers(), cards, token });
  const qmpSocket = join(folder, "qmp.sock");
  const namespace = switchNamespace(installation.id);
  const tap = switchPort(node);
  await rm(qmpSocket, { force: true });
  await ipBatch([`tuntap add dev ${tap} mode tap`], { namespace, anyway: true }); // from an earlier time it is there
  await plugIntoSwitch(installation.id, tap);
  const durable = join(dataDirectory, "machines", node);
  const disk = await ensureDisk(durable, "disk.raw", diskBytes);
  const namespaces = cards.some(isStorageCard) ? await Promise.all(namespacesBytes.map((bytes, index) => ensureDisk(durable, `namespace${index + 1}.raw`, bytes))) : [];
  const qemu = startQemu(namespace, emulator, machineArguments({ host: node, ...host.emulated, system, disk, tap, mac: macOf(host.underlayAddress), qmpSocket, shares, hasCard: cards.some((card) => !isStorageCard(card)), namespaces }));
  log.info("the computer of an emulated host is on", { host: node, pid: qemu.pid });
  signal.addEventListener("abort", () => void pressPowerButton(qemu, qmpSocket, log));
  const [code, killedBy] = (await once(qemu, "exit")) as [number | null, NodeJS.Signals | null]; // as Node.js documents it
  log.info("the computer of an emulated host is off", { host: node, code, signal: killedBy });
  process.exit(signal.aborted ? 0 : 1); // the supervisor switches it on again
}

interface EmulatedHost {
  readonly zone: string;
  readonly host: TopologyHost & Required<Pick<TopologyHost, "emulated">>;
}

function findEmulated({ topology }: Installation, node: string): EmulatedHost {
  for (const zone of topology.regions.flatMap((region) => region.zones)) {
    const host = zone.hosts.find(({ id }) => id === node);
    if (host?.emulated !== undefined) return { zone: zone.name, host: { ...host, emulated: host.emulated } };
  }
  throw new CommandError(`The topology has no emulated host ${node}.`);
}

/** What `up` shows while it waits. */
function recordStep({ runDirectory }: Installation, step?: string): void {
  recordImageBuild(runDirectory, "emulated-host", step === undefined ? { state: "built", step: "done" } : { state: "building", step });
}

/** The control plane may be starting, too. A computer that has joined before does not use the token. */
async function untilIssued(current: CurrentInstallation, zone: string, host: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    try {
      return (await issueToken(current, { zone, host, lifeMs: tokenLifeMs })).token;
    } catch (thrown) {
      if (!(thrown instanceof CommandError) || thrown.exitCode !== exitCodes.notRunning) throw thrown;
    }
    await delay(200, undefined, { signal });
  }
}

async function ensureDisk(directory: string, name: string, bytes: number): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  await using file = await open(path, "a", 0o600);
  await file.truncate(bytes);
  return path;
}

/** A host counts as dead that is not heard of for ten seconds, and this one is slow: it goes before what else this machine does, guests above all. */
const niceness = "-5";

function startQemu(namespace: string, { command, environment }: CardEmulator, args: readonly string[]): ChildProcess {
  return spawn("nsenter", [`--net=${namespacePath(namespace)}`, "nice", "-n", niceness, "setpriv", "--pdeathsig", "KILL", ...command, ...args], { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...environment } });
}

/** Local, and told apart by the address. */
function macOf(address: string): string {
  return ["02", "68", ...address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}

async function pressPowerButton(qemu: ChildProcess, qmpSocket: string, log: Log): Promise<void> {
  try {
    const qmp = await connectQmp({ socket: qmpSocket });
    await qmp.execute("system_powerdown");
    qmp.close();
    await delay(powerButtonMs, undefined, { ref: false });
  } catch (error) {
    log.warn("the computer of an emulated host does not listen", { error });
  }
  qemu.kill("SIGKILL");
}
