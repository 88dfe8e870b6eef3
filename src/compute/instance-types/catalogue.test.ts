import { describe, expect, test } from "vitest";
import { findInstanceType, listInstanceTypes, requireInstanceType } from "./catalogue.ts";
import { toInstanceTypeInfo } from "./instance-type-view.ts";

test("The catalogue has every size of its families", () => {
  const sizes = Map.groupBy(listInstanceTypes(), (type) => type.family);
  const shown = Object.fromEntries([...sizes].map(([family, types]) => [family, types.map((type) => type.size).join(" ")]));
  const m5 = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal";
  expect(shown).toEqual({
    t3: "nano micro small medium large xlarge 2xlarge",
    m5,
    m5d: m5,
    c5: "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal",
    r5: m5,
    m1: "small medium large xlarge",
    m3: "medium large xlarge 2xlarge",
    c3: "large xlarge 2xlarge 4xlarge 8xlarge",
  });
});

test("Names are unique and found again", () => {
  const names = listInstanceTypes().map((type) => type.name);
  expect([new Set(names).size, names.filter((name) => findInstanceType(name)?.name !== name)]).toEqual([names.length, []]);
});

test("A name that is no type, or is one of an object's own, finds nothing", () => {
  expect(["m5.tiny", "M5.LARGE", "", "constructor", "m5.large "].map(findInstanceType)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test("A launch that names no type is refused in EC2's words", () => {
  expect(() => requireInstanceType("x9.large")).toThrow("Invalid value 'x9.large' for InstanceType.");
});

describe("Figures known from EC2", () => {
  const rows: [name: string, vcpus: number, memoryMib: number, interfaces: number, addresses: number, text: string, attachments: number][] = [
    ["t3.nano", 2, 512, 2, 2, "Up to 5 Gigabit", 27],
    ["t3.micro", 2, 1024, 2, 2, "Up to 5 Gigabit", 27],
    ["t3.large", 2, 8192, 3, 12, "Up to 5 Gigabit", 27],
    ["m5.large", 2, 8192, 3, 10, "Up to 10 Gigabit", 27],
    ["m5.xlarge", 4, 16_384, 4, 15, "Up to 10 Gigabit", 27],
    ["m5.4xlarge", 16, 65_536, 8, 30, "Up to 10 Gigabit", 27],
    ["m5.24xlarge", 96, 393_216, 15, 50, "25 Gigabit", 27],
    ["m5.metal", 96, 393_216, 15, 50, "25 Gigabit", 31],
    ["m5d.large", 2, 8192, 3, 10, "Up to 10 Gigabit", 26],
    ["m5d.8xlarge", 32, 131_072, 8, 30, "10 Gigabit", 25],
    ["m5d.metal", 96, 393_216, 15, 50, "25 Gigabit", 31],
    ["c5.9xlarge", 36, 73_728, 8, 30, "12 Gigabit", 27],
    ["c5.18xlarge", 72, 147_456, 15, 50, "25 Gigabit", 27],
    ["r5.large", 2, 16_384, 3, 10, "Up to 10 Gigabit", 27],
    ["m1.small", 1, 1740, 2, 4, "Low", 39],
    ["m1.medium", 1, 3788, 2, 6, "Moderate", 39],
    ["m1.xlarge", 4, 15_360, 4, 15, "High", 39],
    ["m3.medium", 1, 3840, 2, 6, "Moderate", 39],
    ["m3.2xlarge", 8, 30_720, 4, 30, "High", 39],
    ["c3.large", 2, 3840, 3, 10, "Moderate", 39],
    ["c3.8xlarge", 32, 61_440, 8, 30, "10 Gigabit", 39],
  ];
  test.each(rows)("%s", (name, ...figures) => {
    const { vcpus, memoryMib, network, ebs } = requireInstanceType(name);
    expect([vcpus, memoryMib, network.maxInterfaces, network.ipv4PerInterface, network.text, ebs.maxAttachments]).toEqual(figures);
  });
});

test("Only the Xen types take paravirtual AMIs, and all types take HVM ones", () => {
  const paravirtual = listInstanceTypes().filter((type) => type.virtualizations.includes("paravirtual"));
  expect([[...new Set(paravirtual.map((type) => `${type.family} ${type.hypervisor}`))], listInstanceTypes().every((type) => type.virtualizations.includes("hvm"))]).toEqual([
    ["m1 xen", "m3 xen", "c3 xen"],
    true,
  ]);
});

test("Credits follow the table of burstable types", () => {
  const burstable = listInstanceTypes().filter((type) => type.burstable !== undefined);
  expect(burstable.map(({ size, burstable: credits }) => [size, credits?.creditsPerHour, credits?.maximumCredits, Math.round(credits?.baselinePercentPerVcpu ?? 0)])).toEqual([
    ["nano", 6, 144, 5],
    ["micro", 12, 288, 10],
    ["small", 24, 576, 20],
    ["medium", 24, 576, 20],
    ["large", 36, 864, 30],
    ["xlarge", 96, 2304, 40],
    ["2xlarge", 192, 4608, 40],
  ]);
});

test("CpuOptions take even numbers of cores, and odd ones on small Xen types", () => {
  const valid = ["m5.large", "m5.xlarge", "m5.2xlarge", "m5.24xlarge", "c3.4xlarge", "c3.8xlarge", "m1.large", "m3.medium", "m5.metal"].map((name) => requireInstanceType(name).validCores?.join(" "));
  expect(valid).toEqual([
    "1",
    "2",
    "2 4",
    "4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48",
    "1 2 3 4 5 6 7 8",
    "2 4 6 8 10 12 14 16",
    undefined,
    undefined,
    undefined,
  ]);
});

test("The views of t3.micro, m5d.metal and m1.small are EC2's own documents", () => {
  expect([requireInstanceType("t3.micro"), requireInstanceType("m5d.metal"), requireInstanceType("m1.small")].map(toInstanceTypeInfo)).toMatchSnapshot();
});
