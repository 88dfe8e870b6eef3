/**
 * `bench virt`: the same work in a guest of each kind of virtualization and on the guest's own host, native = 1.0, in the installation that runs: what emulation costs
 * everywhere, paravirtualization where the guest asks its host, and hardware assistance nearly nowhere (facts §6). Of hardware-assisted guests also how often the
 * processor left them for one unit of the work, which is the same on an emulated host, whose time is not. Then network devices, in guests that are alike but for these
 * (`virt-devices.ts`). Nothing else should run meanwhile; whatever cannot be measured ends it with the reason.
 */
import { writeFile } from "node:fs/promises";
import type { _InstanceType } from "@aws-sdk/client-ec2";
import { virtualizations, type Virtualization } from "../../host/protocol/specification.ts";
import { begun, parseScores, workloadParts, workloadScript, type Part, type Score } from "../../host/workload/workload-script.ts";
import { CommandError, notRunning } from "../command-error.ts";
import { askControlPlane, findStatus } from "../control-client.ts";
import { requireInstallation, type CurrentInstallation } from "../current-installation.ts";
import type { StatusReport } from "../status-report.ts";
import { terminalProgress, type Progress } from "../terminal.ts";
import { openExitCounter, inspectGuest } from "./exit-counter.ts";
import { connections, connectTime, fetchFile, measureLoopback, serveFile, webMib, type Network } from "./guest-network.ts";
import { imageOf, openBenchGuests, type BenchGuests } from "./guests.ts";
import type { BenchGroup } from "./network-course.ts";
import { openGroup } from "./open-group.ts";
import { describeMachine } from "./report.ts";
import { measureDevices, reportDevices } from "./virt-devices.ts";
import { plotVirt, reportVirt, type Exits, type GuestMeasured, type VirtFigures } from "./virt-report.ts";

const sshPort = 22;
const slowestMs = 600_000;
const restMs = 1_000;
/** Long enough for a look at counters, also on an emulated host. */
const pauseSeconds = 3;

/** With one vCPU each, and so small that an emulated host has room for one. */
const types: Readonly<Record<Virtualization, { readonly image: "hvm" | "paravirtual"; readonly type: _InstanceType }>> = {
  emulated: { image: "hvm", type: "t2.micro" },
  paravirtual: { image: "paravirtual", type: "m1.small" },
  hardware: { image: "hvm", type: "t2.micro" },
};

interface Place {
  readonly guests: BenchGuests;
  readonly group: BenchGroup;
  readonly current: CurrentInstallation;
  readonly leastSeconds: number;
}

export interface BenchVirtOptions {
  readonly data?: string;
  /** Of all this alone. */
  readonly only?: Virtualization | "devices";
  readonly seconds: number;
  readonly plot?: string;
}

export async function benchVirt({ data, only, seconds, plot }: BenchVirtOptions): Promise<void> {
  const current = requireInstallation(data);
  const status = await findStatus(current.installation);
  if (status === undefined) throw notRunning(current.dataDirectory);
  await using guests = await openBenchGuests(current.dataDirectory);
  const progress = terminalProgress(process.stderr);
  const place: Place = { guests, group: await openGroup(guests), current, leastSeconds: seconds };
  try {
    process.stdout.write(`${describeMachine()}\n`);
    if (only !== "devices") {
      const figures = await measureKinds(place, status, only === undefined ? virtualizations : [only], progress);
      progress.end();
      process.stdout.write(`\n${reportVirt(figures)}\n`);
      if (plot !== undefined) await writeFile(plot, plotVirt(figures));
    }
    if (only !== undefined && only !== "devices") return;
    const devices = await measureDevices({ ...place, seconds }, status, (text) => progress.working(`network devices: ${text}`));
    progress.end();
    process.stdout.write(`\n${reportDevices(devices)}\n`);
  } finally {
    progress.end();
  }
}

async function measureKinds(place: Place, status: StatusReport, kinds: readonly Virtualization[], progress: Progress): Promise<VirtFigures> {
  const measured = new Map<Virtualization, GuestMeasured>();
  const natives = new Map<string, readonly Score[]>();
  for (const kind of kinds) {
    const missing = whyMissing(status, kind);
    if (missing !== undefined) {
      progress.note(`${kind} is left out: ${missing}`);
      continue;
    }
    const guest = await measureGuest(place, kind, (text) => progress.working(`${kind}: ${text}`));
    progress.working(`natively on ${guest.host}`);
    if (!natives.has(guest.host)) natives.set(guest.host, await measureHost(place, guest.host));
    measured.set(kind, guest);
  }
  if (measured.size === 0) throw new CommandError("No host here runs such guests.", { remedy: "See ./hostelry host list" });
  progress.working("the network natively");
  return { natives, loopback: await measureLoopback(), measured };
}

/** Undefined: some host runs such guests. */
function whyMissing({ regions }: StatusReport, kind: Virtualization): string | undefined {
  const engines = regions.flatMap(({ zones }) => zones.flatMap(({ hosts }) => hosts.flatMap((host) => host.engines?.[kind] ?? [])));
  return engines.some(({ works }) => works) ? undefined : (engines[0]?.reason ?? "no host has an engine for it");
}

async function measureHost({ current, leastSeconds }: Place, host: string): Promise<readonly Score[]> {
  return parseScores(await askControlPlane<string>(current, { method: "POST", path: "/v1/workloads", body: { host, seconds: leastSeconds }, timeoutMs: slowestMs }));
}

async function measureGuest(place: Place, kind: Virtualization, working: (text: string) => void): Promise<GuestMeasured> {
  const { guests, group } = place;
  const { image, type } = types[kind];
  working("launching");
  const begin = performance.now();
  const id = await guests.launch({
    ImageId: imageOf("tiny", image),
    InstanceType: type,
    SecurityGroupIds: [group.id],
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "hostelry:virtualization", Value: kind }] }],
  });
  await guests.untilSsh(id, "true");
  const bootMs = performance.now() - begin;
  working("resting");
  const inspection = await inspectGuest(place.current, id, restMs);
  const counted = kind === "hardware" ? openCounted(place, id) : undefined;
  const scores: Score[] = [];
  for (const part of workloadParts) {
    working(part.name);
    scores.push(await measurePart(place, id, part, counted));
  }
  working("the network");
  const network = await measureNetwork(place, id, counted);
  await guests.terminate(id);
  return { host: inspection.host, scores, bootMs, inspection, ...network, ...(counted === undefined ? {} : { exits: counted.exits }) };
}

/** Exits are counted while the guest pauses, before and after the part: not those of the login. */
async function measurePart({ guests, leastSeconds }: Place, id: string, part: Part, counted: Counted | undefined): Promise<Score> {
  const script = workloadScript("$(readlink -f /bin/busybox)", "/var/tmp", leastSeconds, { only: [part], ...(counted === undefined ? {} : { pauseSeconds }) });
  let score: Score | undefined;
  for await (const line of guests.lines(id, `sudo sh -c '${script.replaceAll("'", String.raw`'\''`)}'`)) {
    if (line === begun) await counted?.begin();
    else {
      [score] = parseScores(line, [part]);
      if (score !== undefined) await counted?.note(part.name, part.unit, score.units);
    }
  }
  if (score === undefined) throw new Error(`the workload said nothing of ${part.name}`);
  return score;
}

async function measureNetwork({ guests }: Place, id: string, counted: Counted | undefined): Promise<Network> {
  const address = await serveFile(guests, id);
  await counted?.begin();
  const connectMs = await connectTime(address, sshPort);
  await counted?.note("connection", "connection", connections);
  const mbitPerSecond = await fetchFile(address);
  await counted?.note("transfer", "MiB out of it", webMib);
  return { connectMs, mbitPerSecond };
}

/** Exits by what was done meanwhile. */
interface Counted {
  readonly exits: readonly Exits[];
  /** What happened before is not noted. */
  begin(): Promise<void>;
  /** What was done since the last of these calls. */
  note(what: string, unit: string, count: number): Promise<void>;
}

function openCounted({ current }: Place, id: string): Counted {
  const counter = openExitCounter(current, id);
  const exits: Exits[] = [];
  return {
    exits,
    begin: () => counter.begin(),
    note: async (what, unit, done) => void exits.push({ what, unit, perUnit: (await counter.sinceThen()).all / done }),
  };
}
