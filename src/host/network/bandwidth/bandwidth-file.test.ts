import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BandwidthFile, type Limited } from "./bandwidth-file.ts";
import { fullCredits, settleCredits } from "./credits.ts";

const directory = mkdtempSync(join(tmpdir(), "hostelry-bandwidth-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** 1 Mbyte/s for ever, ten times that for a bucket of 90 Mbyte. */
const specification = { instance: "i-0123456789abcdef0", baselineBitsPerSecond: 8e6, peakBitsPerSecond: 80e6, creditBytes: 90e6 } as const;
const full = fullCredits(specification, { vet1: 0 }, 0);
const fresh: Limited = { specification, interfaces: ["eni-01"], leaving: full, arriving: full };
/** After ten seconds and so many more bytes. */
const after = (before: Limited, bytes: number): Limited => {
  const sent = { vet1: (before.leaving.sent["vet1"] ?? 0) + bytes };
  return { ...before, leaving: settleCredits(before.leaving, specification, sent, before.leaving.atMs + 10_000) };
};

test("the file is written when a later agent would find other credits by it, and not while the baseline is enough or the bucket only fills", () => {
  const [path, name] = [join(directory, "state.json"), specification.instance];
  const file = new BandwidthFile(path);
  const writes = (limited: Limited) => {
    const before = statSync(path, { throwIfNoEntry: false })?.ino;
    file.save(new Map([[name, limited]]));
    return statSync(path).ino !== before;
  };
  const steps = [fresh];
  for (const bytes of [5e6, 10e6, 50e6, 60e6, 0, 3e6]) steps.push(after(steps.at(-1) ?? fresh, bytes));
  expect(steps.map(writes)).toEqual([true, false, false, true, false, false, false]);
  expect(new BandwidthFile(path).load()).toEqual(new Map([[name, steps[3]]]));
  expect(writes({ ...fresh, interfaces: ["eni-01", "eni-02"] })).toBe(true);
});
