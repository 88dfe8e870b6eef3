/**
 * DATA/installation.json: what an installation is, decided by its first `up` and read by every process of it.
 *
 * The id, the public pool and the underlay network stay for its life. Each later `up` may give another port, another topology,
 * and says anew whether accounts are open. The file is replaced as a whole, so a reader never sees half of it, and two first
 * `up` at once agree on one.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { formatCidr, parseCidr, type Cidr } from "../base/ipv4.ts";
import { randomHex, type Random } from "../base/random.ts";
import { buildTopology, defaultPlan, simulatedPlan, type MachineSize } from "./build-topology.ts";
import { CommandError } from "./command-error.ts";
import { installationFile } from "./directories.ts";
import type { Topology, TopologyPlan } from "./topology.ts";

export interface Installation {
  /** Six hexadecimal digits; in the names of everything that the installation makes on the machine. */
  readonly id: string;
  readonly createdAt: string;
  readonly simulated: boolean;
  readonly runDirectory: string;
  readonly port: number;
  readonly openAccounts: boolean;
  /** The network between hosts, storage nodes and the machine. */
  readonly underlay: string;
  /** The block of the guests' public addresses, routed to this machine. */
  readonly publicPool: string;
  readonly topology: Topology;
}

export const defaultPort = 8773;

/** What the `up` at hand asked for. */
export interface InstallationRequest {
  readonly simulated: boolean;
  /** 0: any free one, chosen once, so that clients find the same after every restart. */
  readonly port?: number;
  readonly plan?: TopologyPlan;
  readonly openAccounts: boolean;
}

export interface InstallationParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly machine: MachineSize;
  readonly runDirectoryFor: (id: string) => string;
  /** Blocks that nothing on the machine uses. */
  readonly chooseUnderlay: (id: string) => Cidr;
  readonly choosePublicPool: (underlay: string) => Promise<string>;
  readonly chooseFreePort: () => Promise<number>;
}

export function findInstallation(dataDirectory: string): Installation | undefined {
  const file = installationFile(dataDirectory);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new CommandError(`${file} cannot be read.`, { cause, remedy: "Run the command as the user that owns the installation, or with sudo." });
  }
  return parseInstallation(text, file);
}

/** The installation of `up`: the existing one with what the request changes, or a new one. */
export async function ensureInstallation(dataDirectory: string, request: InstallationRequest, parts: InstallationParts): Promise<Installation> {
  const existing = findInstallation(dataDirectory);
  if (existing === undefined) return createInstallation(dataDirectory, request, parts);
  if (existing.simulated !== request.simulated) {
    throw new CommandError(`${dataDirectory} holds ${existing.simulated ? "a simulated" : "a real"} installation.`, {
      remedy: existing.simulated ? "Give --simulated, or another directory with --data DIR." : "Leave out --simulated, or give another directory with --data DIR.",
    });
  }
  const changed = applyRequest(existing, request, parts.machine);
  if (JSON.stringify(changed) !== JSON.stringify(existing)) replaceInstallation(dataDirectory, changed);
  return changed;
}

/** The installation as the request would have it. */
export function applyRequest(existing: Installation, request: InstallationRequest, machine: MachineSize): Installation {
  return {
    ...existing,
    port: request.port || existing.port,
    openAccounts: request.openAccounts,
    ...(request.plan === undefined ? {} : { topology: buildTopology(request.plan, machine, requireCidr(existing.underlay)) }),
  };
}

async function createInstallation(dataDirectory: string, request: InstallationRequest, parts: InstallationParts): Promise<Installation> {
  const id = randomHex(parts.random, 3);
  const underlay = parts.chooseUnderlay(id);
  const plan = request.plan ?? (request.simulated ? simulatedPlan() : defaultPlan);
  const installation: Installation = {
    id,
    createdAt: new Date(parts.clock.now()).toISOString(),
    simulated: request.simulated,
    runDirectory: parts.runDirectoryFor(id),
    port: request.port === 0 ? await parts.chooseFreePort() : (request.port ?? defaultPort),
    openAccounts: request.openAccounts,
    underlay: formatCidr(underlay),
    publicPool: await parts.choosePublicPool(formatCidr(underlay)),
    topology: buildTopology(plan, parts.machine, underlay),
  };
  mkdirSync(dataDirectory, { recursive: true, mode: 0o755 });
  return publishInstallation(dataDirectory, installation);
}

/** Puts the file there unless another `up` was first; then that one's counts. */
function publishInstallation(dataDirectory: string, installation: Installation): Installation {
  const draft = writeDraft(dataDirectory, installation);
  try {
    linkSync(draft, installationFile(dataDirectory));
    return installation;
  } catch (thrown) {
    const other = findInstallation(dataDirectory);
    if (other === undefined) throw thrown;
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
}

export function replaceInstallation(dataDirectory: string, installation: Installation): void {
  renameSync(writeDraft(dataDirectory, installation), installationFile(dataDirectory));
}

function writeDraft(dataDirectory: string, installation: Installation): string {
  const draft = `${installationFile(dataDirectory)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(installation, undefined, 2)}\n`, { mode: 0o644 });
  return draft;
}

function parseInstallation(text: string, file: string): Installation {
  try {
    const value: unknown = JSON.parse(text);
    if (isInstallation(value)) return value;
  } catch {
    // Not JSON is as damaged as JSON of another kind.
  }
  throw new CommandError(`${file} is damaged.`, { remedy: "Restore it, or start anew with another --data DIR." });
}

function isInstallation(value: unknown): value is Installation {
  if (typeof value !== "object" || value === null) return false;
  const fields: Partial<Record<keyof Installation, unknown>> = value;
  const texts = [fields.id, fields.createdAt, fields.runDirectory, fields.publicPool, fields.underlay];
  const topology = fields.topology;
  return (
    texts.every((text) => typeof text === "string") &&
    parseCidr(String(fields.underlay)) !== undefined &&
    typeof fields.port === "number" &&
    typeof topology === "object" && topology !== null && "regions" in topology && Array.isArray(topology.regions)
  );
}

function requireCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is no CIDR block`);
  return cidr;
}
