import { expect, test } from "vitest";
import { planFigures, toVolumeLimits, type VolumeType } from "./volume-type.ts";

const mib = 1024 * 1024;
const limitsOf = (type: VolumeType, sizeGib: number, iops?: number, throughput?: number) => {
  const figures = planFigures({ type, sizeGib, iops, throughput });
  return toVolumeLimits({ type, size_gib: sizeGib, iops: figures.iops, throughput: figures.throughput });
};

test("A gp2 volume has 3 IOPS for each GiB, and bursts to 3 000 as long as 5.4 million credits last", () => {
  const iops = (base: number) => ({ base, burst: 3_000, credits: 5_400_000 });
  expect([1, 33, 100, 334, 999, 1_000, 6_000].map((sizeGib) => limitsOf("gp2", sizeGib).iops)).toEqual([iops(100), iops(100), iops(300), iops(1_002), iops(2_997), { base: 3_000 }, { base: 16_000 }]);
});

test("A gp2 volume reaches 128 MiB/s, and from 171 GiB on 250, first by bursting", () => {
  expect([1, 170, 171, 333, 334].map((sizeGib) => limitsOf("gp2", sizeGib).bytesPerSecond)).toEqual([
    { base: 128 * mib },
    { base: 128 * mib },
    { base: 513 * 256 * 1024, burst: 250 * mib, credits: 5_400_000 * 256 * 1024 },
    { base: 999 * 256 * 1024, burst: 250 * mib, credits: 5_400_000 * 256 * 1024 },
    { base: 250 * mib },
  ]);
});

test("Provisioned types do what they were given, in I/Os of at most 256 KiB", () => {
  expect([limitsOf("gp3", 10), limitsOf("gp3", 100, 10_000, 2_000), limitsOf("io1", 10, 100), limitsOf("io1", 2_000, 64_000), limitsOf("io2", 300, 256_000)]).toEqual([
    { iops: { base: 3_000 }, bytesPerSecond: { base: 125 * mib } },
    { iops: { base: 10_000 }, bytesPerSecond: { base: 2_000 * mib } },
    { iops: { base: 100 }, bytesPerSecond: { base: 25 * mib } },
    { iops: { base: 64_000 }, bytesPerSecond: { base: 1_000 * mib } },
    { iops: { base: 256_000 }, bytesPerSecond: { base: 4_000 * mib } },
  ]);
});

test("Hard disks have their throughput for each TiB, and as many bytes of credits as they are large; a request of 1 MiB is one of theirs", () => {
  const tib = 1024 * 1024 * mib;
  expect([limitsOf("st1", 1024), limitsOf("st1", 16_384), limitsOf("sc1", 1024), limitsOf("standard", 10)]).toEqual([
    { iops: { base: 500 }, ioBytes: mib, bytesPerSecond: { base: 40 * mib, burst: 250 * mib, credits: tib } },
    { iops: { base: 500 }, ioBytes: mib, bytesPerSecond: { base: 500 * mib } },
    { iops: { base: 250 }, ioBytes: mib, bytesPerSecond: { base: 12 * mib, burst: 80 * mib, credits: tib } },
    { iops: { base: 200 }, bytesPerSecond: { base: 90 * mib } },
  ]);
});
