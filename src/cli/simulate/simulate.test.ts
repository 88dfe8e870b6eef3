import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plot } from "./plot.ts";
import { fraction, seededRandom } from "./seeded-random.ts";
import { simulate } from "./simulate.ts";

test("The same seed gives the same numbers, another one others, and they are spread evenly", () => {
  const draw = (seed: number, random = seededRandom(seed)) => Array.from({ length: 1_000 }, () => fraction(random));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  const mean = draw(7).reduce((sum, value) => sum + value, 0) / 1_000;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});

test("A simulated data centre fills, changes, loses hosts, and keeps every promise", async () => {
  const folder = mkdtempSync(join(tmpdir(), "simulate-"));
  try {
    const { samples, fill, change, placement, spread, broken } = await simulate(folder, { hosts: 30, instances: 200, seed: 3 }, () => undefined, new AbortController().signal);
    expect(broken).toEqual([]);
    expect([fill.instances >= 200, change.launched > 0, change.failedHosts > 0, change.recovered > 0, placement.measured > 10]).toEqual([true, true, true, true, true]);
    const full = samples.findLast((sample) => sample.phase === "filling");
    expect(full?.instances).toBe(fill.instances);
    expect([(full?.memory ?? 0) > 0.1, spread.full > 0.5]).toEqual([true, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("A plot has a line for each row of values, within its panel", () => {
  const svg = plot([{ title: "t", top: 10, unit: " ms", lines: [{ name: "a", values: [0, 5, 20] }] }], ["first", "", "last"], { at: 1, text: "then" });
  expect(svg.match(/<path d="M56\.0 172\.0L273\.0 97\.0L490\.0 22\.0"/g)?.length).toBe(1);
  for (const words of ["first", "last", "then", "10 ms"]) expect(svg).toContain(`>${words}<`);
});
