import { describe, expect, it } from "vitest";
import { toThrottleLimits } from "./throttle-limits.ts";

const unlimited = { "iops-total": 0, "iops-total-max": 0, "iops-total-max-length": 1, "bps-total": 0, "bps-total-max": 0, "bps-total-max-length": 1, "iops-size": 0 };
const bucketOf = (limits: Readonly<Record<string, number>>, name: string) => (limits[`${name}-max`] ?? 0) * (limits[`${name}-max-length`] ?? 0);

describe("the limits of a throttle group", () => {
  it("name every property, so that earlier limits are lifted", () => {
    expect(toThrottleLimits({})).toEqual(unlimited);
  });

  it("are the base rates where nothing may burst", () => {
    expect(toThrottleLimits({ iops: { base: 3000 }, bytesPerSecond: { base: 131_072_000 } })).toEqual({ ...unlimited, "iops-total": 3000, "bps-total": 131_072_000, "iops-size": 262_144 });
  });

  it("count a hard disk's requests by its own measure", () => {
    expect(toThrottleLimits({ iops: { base: 500 }, ioBytes: 2 ** 20 })).toEqual({ ...unlimited, "iops-total": 500, "iops-size": 2 ** 20 });
  });

  it("hold the credits of gp2 exactly, and its burst", () => {
    expect(toThrottleLimits({ iops: { base: 100, burst: 3000, credits: 5_400_000 } })).toMatchObject({ "iops-total": 100, "iops-total-max": 3000, "iops-total-max-length": 1800 });
  });

  it("hold credits that are no multiple of the burst to one in a million", () => {
    const credits = 2 ** 40 + 12_345;
    const limits = toThrottleLimits({ bytesPerSecond: { base: 40 * 2 ** 20, burst: 250 * 2 ** 20, credits } });
    expect(Math.abs(bucketOf(limits, "bps-total") / credits - 1)).toBeLessThan(1e-6);
    expect((limits["bps-total-max"] ?? 0) / (250 * 2 ** 20)).toBeCloseTo(1, 3);
  });

  it("have no burst where the base rate is as high", () => {
    expect(toThrottleLimits({ iops: { base: 3000, burst: 3000, credits: 5_400_000 } })).toMatchObject({ "iops-total": 3000, "iops-total-max": 0 });
  });
});
