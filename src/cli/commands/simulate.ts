/**
 * `simulate`: a data centre of any size without machines, to see how well and how fast placement works. Needs no installation, leaves nothing behind, and shows
 * what there is by then when it is interrupted.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMachine, table } from "../bench/report.ts";
import { CommandError } from "../command-error.ts";
import { plot } from "../simulate/plot.ts";
import { simulate, type Outcome, type Sample } from "../simulate/simulate.ts";

export interface SimulateOptions {
  readonly hosts: number;
  readonly instances: number;
  readonly seed: number;
  readonly plot?: string;
  readonly json?: boolean;
}

export async function simulateCommand(options: SimulateOptions): Promise<void> {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interruption.abort());
  const folder = await mkdtemp(join(tmpdir(), "hostelry-simulation-"));
  try {
    const outcome = await simulate(folder, options, (words) => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${words}`)), interruption.signal);
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
    if (options.plot !== undefined) await writeFile(options.plot, drawOutcome(outcome));
    process.stdout.write(options.json === true ? `${JSON.stringify(outcome, undefined, 2)}\n` : `${describeMachine()}\n\n${renderOutcome(outcome, options)}\n`);
    if (outcome.broken.length > 0) throw new CommandError(`${outcome.broken.length} promises were broken: ${outcome.broken.slice(0, 3).join("; ")}.`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function renderOutcome({ samples, fill, change, placement, spread }: Outcome, { hosts, seed }: SimulateOptions): string {
  const full = samples.findLast((sample) => sample.phase === "filling");
  const last = samples.at(-1);
  const percent = (of: (sample: Sample) => number) => [full, last].map((sample) => (sample === undefined ? "" : `${(100 * of(sample)).toFixed(1)} %`));
  const state = table(
    ["", "when full", "after changes"],
    [
      ["instances", String(full?.instances ?? 0), String(last?.instances ?? 0)],
      ["memory promised", ...percent((sample) => sample.memory)],
      ["vCPUs promised", ...percent((sample) => sample.vcpus)],
      ["standard deviation of hosts' memory", ...percent((sample) => sample.deviation)],
      ["free memory that no m5.4xlarge could have", ...percent((sample) => sample.fragmentation)],
      ["hosts for each instance of a launch of several", `${(100 * spread.full).toFixed(1)} %`, `${(100 * spread.changed).toFixed(1)} %`],
    ],
  );
  const speed = table(
    ["what", "how many", "how fast"],
    [
      ["hosts", String(hosts), `seed ${seed}`],
      ["instances launched while it filled", `${fill.instances} in ${fill.calls} calls`, `${(fill.instances / fill.seconds).toFixed(0)} instances/s, ${(fill.calls / fill.seconds).toFixed(0)} calls/s`],
      ["places found for one more", `${placement.measured} measured`, `p50 ${placement.p50Ms.toFixed(2)} ms, p99 ${placement.p99Ms.toFixed(2)} ms, slowest ${placement.slowestMs.toFixed(1)} ms`],
      ["instances that came, and went, afterwards", `${change.launched}, ${change.departed}`, `${change.seconds.toFixed(0)} s in all`],
      ["hosts that died, instances that went elsewhere", `${change.failedHosts}, ${change.recovered}`, ""],
      ["launches refused for lack of room", String(change.refused), ""],
    ],
  );
  return `${speed}\n\n${state}`;
}

function drawOutcome({ samples }: Outcome): string {
  const values = (of: (sample: Sample) => number) => samples.map(of);
  const percent = (of: (sample: Sample) => number) => values((sample) => 100 * of(sample));
  const highest = (lines: readonly { readonly values: readonly number[] }[]) => Math.max(...lines.flatMap((line) => line.values)) * 1.1;
  const times = [{ name: "p50", values: values((sample) => sample.placementP50Ms) }, { name: "p99", values: values((sample) => sample.placementP99Ms) }];
  const rates = [{ name: "launches/s", values: values((sample) => sample.launchesPerSecond) }];
  const shares = [
    { name: "memory promised", values: percent((sample) => sample.memory) },
    { name: "free, of no use", values: percent((sample) => sample.fragmentation) },
    { name: "deviation of hosts", values: percent((sample) => sample.deviation) },
  ];
  const panels = [
    { title: "Instances launched a second", top: highest(rates), unit: "", lines: rates },
    { title: "Finding a place", top: highest(times), unit: " ms", lines: times },
    { title: "Hosts", top: 100, unit: " %", lines: shares },
  ];
  const begin = samples.findIndex((sample) => sample.phase === "changing");
  return plot(panels, samples.map((sample) => `${sample.instances} instances`), begin < 0 ? undefined : { at: begin, text: "coming, going, dying" });
}
