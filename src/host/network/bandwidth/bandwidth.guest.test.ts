/** The bandwidth of an interface, measured by what really arrives between namespaces on two hosts. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BandwidthSpecification } from "../../protocol/specification.ts";
import { FabricBench, nics } from "../testing/fabric-bench.ts";
import { machineSpecimen } from "../testing/specimens.ts";

const mbit = 1_000_000;
const port = 7_020;
/** How far a measurement may be from what was set: queues let some at once, and headers are no data. */
const tolerance = { least: 0.6, most: 1.15 };

let bench: FabricBench;
beforeAll(async () => {
  bench = await FabricBench.open();
  await bench.apply();
  await Promise.all([sink("a1"), sink("b1")]);
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

/** A server that says to whoever ends a transfer how many bits a second it had, after the first half second. */
function sink(name: "a1" | "b1"): Promise<void> {
  return bench.guests[name].serveBy(`require("net").createServer({ allowHalfOpen: true }, (s) => {
    let bytes = 0, from;
    s.on("error", () => {});
    s.on("data", (d) => { const now = performance.now(); from ??= now; if (now - from > 500) bytes += d.length; s.last = now; });
    s.on("end", () => s.end(String(bytes * 8000 / (s.last - from - 500))));
  }).listen(${port}, () => console.log("listens"));`);
}

/** Bits a second that a transfer of some seconds has. */
async function measure(from: "a1" | "a2" | "b1", to: "a1" | "b1", seconds: number): Promise<number> {
  const program = `const s = require("net").connect({ port: ${port}, host: ${JSON.stringify(nics[to].privateAddress)}, allowHalfOpen: true });
    const block = Buffer.alloc(65536), end = performance.now() + ${seconds * 1_000};
    const fill = () => { while (performance.now() < end) if (!s.write(block)) return s.once("drain", fill); s.end(); };
    s.on("connect", fill); setTimeout(() => s.end(), ${seconds * 1_000}); s.pipe(process.stdout);`;
  return Number(await bench.guests[from].run(process.execPath, "-e", program));
}

async function setBandwidth(bandwidth: BandwidthSpecification): Promise<void> {
  await bench.hosts.a.start(machineSpecimen("11", { ...nics.a1, bandwidth }));
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

test("is the peak while there are credits, and then the baseline", async () => {
  await bench.hosts.a.forgetBandwidth(nics.a1.id);
  await setBandwidth({ baselineBitsPerSecond: 10 * mbit, peakBitsPerSecond: 80 * mbit, creditBytes: 40 * mbit });
  expect((await measure("a1", "b1", 1.5)) / (80 * mbit)).toBeGreaterThan(tolerance.least);
  await expect.poll(() => measure("a1", "b1", 1.5), { timeout: 15_000 }).toBeLessThan(10 * mbit * 1.5);
});
