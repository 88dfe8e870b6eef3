/**
 * A simulation from an empty data centre: it fills up to the wished number of instances, then instances come and go and hosts die. All of it is the control plane's
 * own code over a real database; only the hosts are played. The same seed gives the same calls.
 */
import { buildDataCentre, type DataCentre } from "./data-centre.ts";
import { listBroken, measureHosts, measureSpread, type Measures } from "./measures.ts";
import { Play } from "./play.ts";
import { seededRandom } from "./seeded-random.ts";

export interface SimulationSize {
  readonly hosts: number;
  readonly instances: number;
  readonly seed: number;
}

/** One look at the data centre. */
export interface Sample extends Measures {
  readonly phase: "filling" | "changing";
  readonly launchesPerSecond: number;
  readonly placementP50Ms: number;
  readonly placementP99Ms: number;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  readonly fill: { readonly instances: number; readonly calls: number; readonly seconds: number };
  readonly change: { readonly launched: number; readonly departed: number; readonly failedHosts: number; readonly recovered: number; readonly refused: number; readonly seconds: number };
  /** Of all that were measured. */
  readonly placement: { readonly measured: number; readonly p50Ms: number; readonly p99Ms: number; readonly slowestMs: number };
  /** `measureSpread` when it was full, and at the end. */
  readonly spread: { readonly full: number; readonly changed: number };
  readonly broken: readonly string[];
}

const fillSamples = 25;
const changeSteps = 12;
/** In each step, of the instances and of the hosts. */
const changing = { instances: 0.002, hosts: 0.0005 };

/** Ends early when the signal aborts, with what there is by then. */
export async function simulate(folder: string, size: SimulationSize, tell: (words: string) => void, signal: AbortSignal): Promise<Outcome> {
  const random = seededRandom(size.seed);
  const start = Date.UTC(2030, 0, 1);
  tell(`${size.hosts} hosts are being set up`);
  const centre = await buildDataCentre(folder, size, random, start);
  try {
    return await run({ centre, play: new Play(centre, random, start, signal), size, tell, signal, samples: [], placementMs: [] });
  } finally {
    await centre.store[Symbol.asyncDispose]();
  }
}

interface Simulation {
  readonly centre: DataCentre;
  readonly play: Play;
  readonly size: SimulationSize;
  readonly tell: (words: string) => void;
  readonly signal: AbortSignal;
  readonly samples: Sample[];
  /** Of all launches that were measured, ms. */
  readonly placementMs: number[];
}

async function run(simulation: Simulation): Promise<Outcome> {
  const { centre, play, samples, placementMs } = simulation;
  const seconds = await fill(simulation);
  const filled = { instances: play.counts.launched, calls: play.counts.calls, seconds };
  const full = await centre.store.read(measureSpread);
  const changed = await change(simulation);
  return {
    samples,
    fill: filled,
    change: { ...changed, launched: play.counts.launched - filled.instances, recovered: play.counts.recovered, refused: play.counts.refused },
    placement: { measured: placementMs.length, p50Ms: quantile(placementMs, 0.5), p99Ms: quantile(placementMs, 0.99), slowestMs: quantile(placementMs, 1) },
    spread: { full, changed: await centre.store.read(measureSpread) },
    broken: await centre.store.read(listBroken),
  };
}

/** Returns how long launches took, in seconds. */
async function fill(simulation: Simulation): Promise<number> {
  const { play, size, tell, signal } = simulation;
  let total = 0;
  for (let step = 1; step <= fillSamples && !signal.aborted; step++) {
    const before = play.counts.launched;
    const seconds = await timed(() => play.arrive(Math.max(0, Math.round((size.instances * step) / fillSamples) - before)));
    total += seconds;
    await play.assumeRunning();
    await sample(simulation, "filling", play.counts.launched - before, seconds);
    tell(`${play.guests.length} of ${size.instances} instances`);
  }
  return total;
}

async function change(simulation: Simulation): Promise<Pick<Outcome["change"], "departed" | "failedHosts" | "seconds">> {
  const { play, size, tell, signal } = simulation;
  const hosts = Math.max(1, Math.round(size.hosts * changing.hosts));
  const instances = Math.max(1, Math.round(size.instances * changing.instances));
  let [seconds, step] = [0, 0];
  while (step < changeSteps && !signal.aborted) {
    step++;
    const before = play.counts.launched;
    let arriving = 0;
    seconds += await timed(async () => {
      await play.depart(instances);
      arriving = await timed(() => play.arrive(instances));
      await play.fail(hosts);
      await play.settle();
    });
    await sample(simulation, "changing", play.counts.launched - before, arriving);
    tell(`step ${step} of ${changeSteps}`);
  }
  return { departed: instances * step, failedHosts: hosts * step, seconds };
}

async function sample({ centre, play, samples, placementMs }: Simulation, phase: Sample["phase"], launched: number, seconds: number): Promise<void> {
  const times = play.placementMs.splice(0);
  placementMs.push(...times);
  const measures = await centre.store.read((tx) => measureHosts(tx, play.guests.length));
  samples.push({ phase, ...measures, launchesPerSecond: seconds === 0 ? 0 : launched / seconds, placementP50Ms: quantile(times, 0.5), placementP99Ms: quantile(times, 0.99) });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
