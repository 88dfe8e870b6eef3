/**
 * DATA/installation.json: what an installation is, decided by its first `up` and read by every process of it.
 *
 * The id, the public pool and the underlay network stay for its life. Each later `up` may give another port, another topology,
 * and says anew whether accounts are open. While it runs only its control plane changes the file, and only the topology. The file is replaced as a whole, so a reader never sees half of it, and two first
 * `up` at once agree on one.
 */
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { formatCidr, parseCidr, type Cidr } from "../base/ipv4.ts";
import { isLoopback } from "../base/loopback.ts";
import { randomHex, type Random } from "../base/random.ts";
import { buildTopology, dealAccelerators, defaultPlan, simulatedPlan, type MachineSize } from "./build-topology.ts";
import { CommandError } from "./command-error.ts";
import { installationFile } from "./directories.ts";
import { listNodes, type StorageNode, type Topology, type TopologyPlan, type TopologyZone } from "./topology.ts";

export interface Installation {
  /** Six hexadecimal digits; in the names of everything that the installation makes on the machine. */
  readonly id: string;
  readonly createdAt: string;
  readonly simulated: boolean;
  readonly runDirectory: string;
  readonly port: number;
  /** The machine's address at which the API is served to other machines; absent: nowhere. */
  readonly listen?: string | undefined;
  readonly openAccounts: boolean;
  /** The network between hosts, storage nodes and the machine. */
  readonly underlay: string;
  /** The block of the guests' public addresses, routed to this machine. */
  readonly publicPool: string;
  readonly topology: Topology;
  /** Ids of nodes that an edit took from the topology: what may be left of them here is to go. */
  readonly retired?: readonly string[];
  /** The network device by which other machines that join reach the underlay network; it is the installation's alone. */
  readonly joinDevice?: string;
}

export const defaultPort = 8773;

/** What the `up` at hand asked for. */
export interface InstallationRequest {
  readonly simulated: boolean;
  /** 0: any free one, chosen once, so that clients find the same after every restart. */
  readonly port?: number;
  /** An IPv4 address of the machine; one of the loopback: other machines are not served any more. */
  readonly listen?: string;
  readonly plan?: TopologyPlan;
  /** PCI addresses of the machine's accelerators that guests may have, beside those that the plan gives to hosts; absent: as before, or none. */
  readonly accelerators?: readonly string[];
  readonly joinDevice?: string;
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
  const topology = request.plan === undefined ? existing.topology : buildTopology(request.plan, machine, requireCidr(existing.underlay));
  return {
    ...existing,
    port: request.port || existing.port,
    openAccounts: request.openAccounts,
    ...(request.listen === undefined ? {} : { listen: outerAddress(request.listen) }),
    ...(request.joinDevice === undefined ? {} : { joinDevice: request.joinDevice }),
    topology: withAccelerators(topology, request),
  };
}

function withAccelerators(topology: Topology, { accelerators }: InstallationRequest): Topology {
  return accelerators === undefined ? topology : dealAccelerators(topology, accelerators);
}

function outerAddress(address: string): string | undefined {
  return isLoopback(address) ? undefined : address;
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
    ...(request.listen === undefined ? {} : { listen: outerAddress(request.listen) }),
    openAccounts: request.openAccounts,
    underlay: formatCidr(underlay),
    publicPool: await parts.choosePublicPool(formatCidr(underlay)),
    topology: withAccelerators(buildTopology(plan, parts.machine, underlay), request),
    ...(request.joinDevice === undefined ? {} : { joinDevice: request.joinDevice }),
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

/** Puts another topology into the file of an installation that runs. */
export function replaceTopology(dataDirectory: string, topology: Topology): void {
  const installation = findInstallation(dataDirectory);
  if (installation === undefined) throw new Error(`${installationFile(dataDirectory)} is gone`);
  const listed = new Set(listNodes(topology).map(({ id }) => id));
  const retired = new Set([...(installation.retired ?? []), ...listNodes(installation.topology).map(({ id }) => id)].filter((id) => !listed.has(id)));
  replaceInstallation(dataDirectory, { ...installation, topology, retired: [...retired] });
}

/** Durable when it returns. */
export function replaceInstallation(dataDirectory: string, installation: Installation): void {
  renameSync(writeDraft(dataDirectory, installation), installationFile(dataDirectory));
  const directory = openSync(dataDirectory, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function writeDraft(dataDirectory: string, installation: Installation): string {
  const draft = `${installationFile(dataDirectory)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(installation, undefined, 2)}\n`, { mode: 0o644, flush: true });
  return draft;
}

function parseInstallation(text: string, file: string): Installation {
  try {
    const value: unknown = JSON.parse(text);
    if (isInstallation(value)) return { ...value, topology: withStorageNodes(value.topology) };
  } catch {
    // Not JSON is as damaged as JSON of another kind.
  }
  throw new CommandError(`${file} is damaged.`, { remedy: "Restore it, or start anew with another --data DIR." });
}

/** Earlier versions wrote the one storage node of each zone by itself. */
function withStorageNodes(topology: Topology): Topology {
  const toZone = ({ storageNode, ...zone }: TopologyZone & { readonly storageNode?: StorageNode }): TopologyZone => (storageNode === undefined ? zone : { ...zone, storageNodes: [storageNode] });
  return { regions: topology.regions.map((region) => ({ ...region, zones: region.zones.map(toZone) })) };
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
