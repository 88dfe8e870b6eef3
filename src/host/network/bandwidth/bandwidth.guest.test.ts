/** The bandwidth of an instance, measured by what really arrives between namespaces on two hosts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BandwidthSpecification } from "../../protocol/specification.ts";
import { FabricBench, nics } from "../testing/fabric-bench.ts";
import { machineSpecimen } from "../testing/specimens.ts";

const mbit = 1_000_000;
const port = 7_020;
/** How far a measurement may be from what was set: queues let some at once, and headers are no data. */
const tolerance = { least: 0.6, most: 1.3 };

let bench: FabricBench;
beforeAll(async () => {
  bench = await FabricBench.open();
  await bench.apply();
  await Promise.all([sink("a1"), sink("b1")]);
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

/** Bytes that arrived, and when by the receiver's clock, in ms. */
type Arrivals = readonly (readonly [at: number, bytes: number])[];

/** A server that says to whoever ends a transfer what arrived of it in each hundredth of a second. */
function sink(name: "a1" | "b1"): Promise<void> {
  return bench.guests[name].serveBy(`require("net").createServer({ allowHalfOpen: true }, (s) => {
    const arrivals = [];
    s.on("error", () => {});
    s.on("data", ({ length }) => { const now = performance.now(), last = arrivals.at(-1); if (last !== undefined && now - last[0] < 10) last[1] += length; else arrivals.push([now, length]); });
    s.on("end", () => s.end(JSON.stringify(arrivals)));
  }).listen(${port}, () => console.log("listens"));`);
}

async function transfer(from: "a1" | "a2" | "b1", to: "a1" | "b1", seconds: number): Promise<Arrivals> {
  const program = `const s = require("net").connect({ port: ${port}, host: ${JSON.stringify(nics[to].privateAddress)}, allowHalfOpen: true });
    const block = Buffer.alloc(65536), end = performance.now() + ${seconds * 1_000};
    const fill = () => { while (performance.now() < end) if (!s.write(block)) return s.once("drain", fill); s.end(); };
    s.on("connect", fill); setTimeout(() => s.end(), ${seconds * 1_000}); s.pipe(process.stdout);`;
  return JSON.parse(await bench.guests[from].run(process.execPath, "-e", program)) as Arrivals; // `sink` wrote it
}

/** Bits a second of all of them while all went on, but for the first half second: one that begins before the others has what they do not yet take. */
function rateOf(...transfers: readonly Arrivals[]): number {
  const from = Math.max(...transfers.map((arrivals) => arrivals[0]?.[0] ?? Infinity)) + 500;
  const until = Math.min(...transfers.map((arrivals) => arrivals.at(-1)?.[0] ?? 0));
  if (until - from < 300) throw new Error("the transfers were not under way at the same time");
  const bytes = transfers.flat().reduce((sum, [at, more]) => sum + (at > from && at <= until ? more : 0), 0);
  return (bytes * 8_000) / (until - from);
}

async function measure(from: "a1" | "a2" | "b1", to: "a1" | "b1", seconds: number): Promise<number> {
  return rateOf(await transfer(from, to, seconds));
}

async function setBandwidth(bandwidth: Omit<BandwidthSpecification, "instance">, names: readonly ("a1" | "a2")[] = ["a1"]): Promise<void> {
  for (const name of names) await bench.hosts.a.start(machineSpecimen("11", { ...nics[name], bandwidth: { instance: "i-0123456789abcde11", ...bandwidth } }));
}

test("of a type holds in both directions, and not for others", async () => {
  await setBandwidth({ baselineBitsPerSecond: 20 * mbit, peakBitsPerSecond: 20 * mbit, creditBytes: 0 });
  for (const [from, to] of [["a1", "b1"], ["b1", "a1"]] as const) {
    const share = (await measure(from, to, 2.5)) / (20 * mbit);
    expect(share, `${from} to ${to}`).toBeGreaterThan(tolerance.least);
    expect(share, `${from} to ${to}`).toBeLessThan(tolerance.most);
  }
  expect(await measure("a2", "b1", 1.5)).toBeGreaterThan(100 * mbit);
});

test("is shared by all interfaces of an instance, also after the agent was killed, and the one that remains has it for itself", async () => {
  const limit = { baselineBitsPerSecond: 20 * mbit, peakBitsPerSecond: 20 * mbit, creditBytes: 0 };
  const together = async () => rateOf(...(await Promise.all([transfer("a1", "b1", 3), transfer("a2", "b1", 3)]))) / (20 * mbit);
  await setBandwidth(limit, ["a1", "a2"]);
  expect(await together()).toBeGreaterThan(tolerance.least);
  await bench.hosts.a.kill();
  await bench.hosts.a.open();
  await setBandwidth(limit, ["a1", "a2"]);
  await bench.apply();
  expect(await together()).toBeLessThan(tolerance.most);
  await bench.hosts.a.forgetBandwidth(nics.a2.id);
  expect((await measure("a1", "b1", 2)) / (20 * mbit)).toBeGreaterThan(tolerance.least);
});

test("is the peak while there are credits, and then the baseline", async () => {
  await bench.hosts.a.forgetBandwidth(nics.a1.id);
  await setBandwidth({ baselineBitsPerSecond: 10 * mbit, peakBitsPerSecond: 80 * mbit, creditBytes: 40 * mbit });
  expect((await measure("a1", "b1", 1.5)) / (80 * mbit)).toBeGreaterThan(tolerance.least);
  await expect.poll(() => measure("a1", "b1", 1.5), { timeout: 60_000 }).toBeLessThan(10 * mbit * 1.5);
});
