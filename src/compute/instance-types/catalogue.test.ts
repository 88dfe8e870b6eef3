import { _InstanceType as SdkInstanceType } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { findInstanceType, listInstanceTypes, requireInstanceType } from "./catalogue.ts";
import { toInstanceTypeInfo } from "./instance-type-view.ts";

test("The catalogue has every size of its families", () => {
  const sizes = Map.groupBy(listInstanceTypes(), (type) => type.family);
  const shown = (family: string) => sizes.get(family)?.map((type) => type.size).join(" ");
  const m5 = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal";
  expect(Object.fromEntries(["t3", "m5", "c5", "m1", "c3", "i3", "c8g", "r7iz", "u-6tb1", "mac2-m2pro"].map((family) => [family, shown(family)]))).toEqual({
    t3: "nano micro small medium large xlarge 2xlarge",
    m5,
    c5: "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal",
    m1: "small medium large xlarge",
    c3: "large xlarge 2xlarge 4xlarge 8xlarge",
    i3: "large xlarge 2xlarge 4xlarge 8xlarge 16xlarge metal",
    c8g: "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl",
    r7iz: "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 32xlarge metal-16xl metal-32xl",
    "u-6tb1": "56xlarge 112xlarge metal",
    "mac2-m2pro": "metal",
  });
});

test("The catalogue has at least 600 types in 120 families, all of them known to the SDK", () => {
  const known: readonly string[] = Object.values(SdkInstanceType);
  const types = listInstanceTypes();
  const families = new Set(types.map((type) => type.family));
  expect({
    types: types.length >= 600,
    families: families.size >= 120,
    unknown: types.filter(({ name }) => !known.includes(name)).map(({ name }) => name),
    // Types that were retired, or of which no figures are published.
    missing: [...new Set(known.filter((name) => findInstanceType(name) === undefined).map((name) => name.split(".")[0]))].toSorted().join(" "),
  }).toEqual({ types: true, families: true, unknown: [], missing: "cc1 cc2 cg1 cr1 g2 hi1 hs1 m9g m9gd p6e-gb200 t8i trn2u u7ib-12tb u7inh-32tb" });
});

test("Every type's figures hang together", () => {
  const wrong = listInstanceTypes().filter(
    ({ vcpus, cores, threadsPerCore, memoryMib, network, ebs, validCores }) =>
      cores * threadsPerCore !== vcpus ||
      memoryMib < 512 ||
      network.baselineGbps > network.peakGbps ||
      network.maxInterfaces % network.cards !== 0 ||
      ebs.maxAttachments < 1 ||
      (ebs.bandwidth !== undefined && (ebs.bandwidth.baselineMbps > ebs.bandwidth.maximumMbps || ebs.bandwidth.baselineIops > ebs.bandwidth.maximumIops)) ||
      (validCores !== undefined && (validCores.at(-1) !== cores || validCores.some((count, index) => count <= (validCores[index - 1] ?? 0)))),
  );
  expect(wrong.map(({ name }) => name)).toEqual([]);
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
    ["t2.micro", 1, 1024, 2, 2, "Low to Moderate", 40],
    ["t3a.small", 2, 2048, 2, 4, "Up to 5 Gigabit", 27],
    ["t4g.small", 2, 2048, 3, 4, "Up to 5 Gigabit", 27],
    ["m4.large", 2, 8192, 2, 10, "Moderate", 40],
    ["c4.8xlarge", 36, 61_440, 8, 30, "10 Gigabit", 40],
    ["c4.large", 2, 3840, 3, 10, "Moderate", 40],
    ["i3.large", 2, 15_616, 3, 10, "Up to 10 Gigabit", 40],
    ["d2.8xlarge", 36, 249_856, 8, 30, "10 Gigabit", 40],
    ["r3.2xlarge", 8, 62_464, 4, 15, "High", 39],
    ["r4.16xlarge", 64, 499_712, 15, 50, "25 Gigabit", 40],
    ["c5n.18xlarge", 72, 196_608, 15, 50, "100 Gigabit", 27],
    ["m6i.large", 2, 8192, 3, 10, "Up to 12.5 Gigabit", 27],
    ["m6i.32xlarge", 128, 524_288, 15, 50, "50 Gigabit", 27],
    ["c6in.metal", 128, 262_144, 16, 50, "200 Gigabit", 31],
    ["m7g.medium", 1, 4096, 2, 4, "Up to 12.5 Gigabit", 27],
    ["m7i.large", 2, 8192, 3, 10, "Up to 12.5 Gigabit", 32],
    ["m7i-flex.large", 2, 8192, 3, 10, "Up to 12.5 Gigabit", 32],
    ["m7a.metal-48xl", 192, 786_432, 15, 50, "50 Gigabit", 79],
    ["c7gn.16xlarge", 64, 131_072, 15, 50, "200 Gigabit", 27],
    ["m8g.large", 2, 8192, 3, 10, "Up to 12.5 Gigabit", 32],
    ["m8a.xlarge", 4, 16_384, 4, 20, "Up to 12.5 Gigabit", 32],
    ["c8i.16xlarge", 64, 131_072, 16, 64, "30 Gigabit", 48],
    ["c8i.32xlarge", 128, 262_144, 24, 64, "50 Gigabit", 88],
    ["c8i.8xlarge", 32, 65_536, 10, 50, "15 Gigabit", 32],
    ["m8a.8xlarge", 32, 131_072, 10, 40, "15 Gigabit", 32],
    ["r7iz.metal-32xl", 128, 1_048_576, 15, 50, "50 Gigabit", 79],
    ["i8g.48xlarge", 192, 1_572_864, 15, 50, "Up to 100 Gigabit", 128],
    ["r8a.12xlarge", 48, 393_216, 12, 64, "22.5 Gigabit", 32],
    ["trn1.2xlarge", 8, 32_768, 4, 15, "Up to 12.5 Gigabit", 25],
    ["trn1.32xlarge", 128, 524_288, 40, 50, "8x 100 Gigabit", 28],
    ["c8gn.8xlarge", 32, 65_536, 10, 30, "100 Gigabit", 32],
    ["x8aedz.12xlarge", 48, 1_572_864, 16, 64, "37.5 Gigabit", 64],
    ["c8gb.24xlarge", 96, 196_608, 24, 50, "200 Gigabit", 64],
    ["i7ie.12xlarge", 48, 393_216, 8, 50, "Up to 50 Gigabit", 32],
    ["i7i.metal-48xl", 192, 1_572_864, 15, 50, "Up to 100 Gigabit", 79],
    ["g6e.12xlarge", 48, 393_216, 10, 30, "100 Gigabit", 32],
    ["p4d.24xlarge", 96, 1_179_648, 60, 50, "4x 100 Gigabit", 28],
    ["trn2.48xlarge", 192, 2_097_152, 32, 50, "16x 200 Gigabit", 128],
    ["u-3tb1.56xlarge", 224, 3_145_728, 8, 30, "50 Gigabit", 27],
    ["u7i-12tb.224xlarge", 896, 12_582_912, 15, 50, "100 Gigabit", 128],
  ];
  test.each(rows)("%s", (name, ...figures) => {
    const { vcpus, memoryMib, network, ebs } = requireInstanceType(name);
    expect([vcpus, memoryMib, network.maxInterfaces, network.ipv4PerInterface, network.text, ebs.maxAttachments]).toEqual(figures);
  });
});

test("Only the Xen types take paravirtual AMIs, and all types take HVM ones", () => {
  const paravirtual = listInstanceTypes().filter((type) => type.virtualizations.includes("paravirtual"));
  expect([
    [...new Set(paravirtual.map((type) => `${type.family} ${type.hypervisor}`))].toSorted(),
    listInstanceTypes().every((type) => type.virtualizations.includes("hvm")),
  ]).toEqual([["c1 xen", "c3 xen", "m1 xen", "m2 xen", "m3 xen", "t1 xen"], true]);
});

test("EBS bandwidth and IOPS are those of EC2's tables", () => {
  const shown = ["t3.micro", "t2.micro", "m5.large", "c5n.18xlarge", "m6i.large", "m7g.medium", "m7i-flex.large", "m8g.large", "c7gn.16xlarge", "i3.large", "m4.large", "c4.large", "c6in.xlarge", "c8gb.2xlarge", "c8gn.large", "x8aedz.3xlarge", "c8i.96xlarge"];
  expect(shown.map((name) => Object.values(requireInstanceType(name).ebs.bandwidth ?? {}).join(" "))).toEqual([
    "87 2085 500 11800",
    "",
    "650 4750 3600 18750",
    "19000 19000 80000 80000",
    "650 10000 3600 40000",
    "315 10000 2500 40000",
    "312 10000 2500 40000",
    "630 10000 3600 40000",
    "33333 40000 133333 160000",
    "425 425 3000 3000",
    "450 450 3600 3600",
    "500 500 4000 4000",
    "3125 25000 12500 100000",
    "12500 25000 60000 120000",
    "1250 10000 5000 40000",
    "7500 15000 30000 60000",
    "80000 80000 480000 480000",
  ]);
});

test("Local disks are those of EC2's tables", () => {
  const shown = ["m6gd.medium", "x2gd.2xlarge", "m8gd.48xlarge", "m8id.96xlarge", "i3.16xlarge", "i8ge.18xlarge", "i4i.32xlarge", "is4gen.8xlarge", "d2.8xlarge", "d3en.12xlarge", "h1.16xlarge", "x1e.32xlarge", "z1d.6xlarge", "g4dn.metal", "m5.large"];
  const text = (name: string) => {
    const { instanceStore: store } = requireInstanceType(name);
    return store === undefined ? "none" : `${store.diskCount}x${store.diskSizeGb} ${store.diskType} ${store.nvme}`;
  };
  expect(shown.map(text)).toEqual([
    "1x59 ssd required",
    "1x475 ssd required",
    "6x1900 ssd required",
    "6x3800 ssd required",
    "8x1900 ssd required",
    "6x7500 ssd required",
    "8x3750 ssd required",
    "4x7500 ssd required",
    "24x2048 hdd unsupported",
    "24x13980 hdd required",
    "8x2000 hdd unsupported",
    "2x1920 ssd unsupported",
    "1x900 ssd required",
    "2x900 ssd required",
    "none",
  ]);
});

test("Accelerators are those of EC2's tables", () => {
  const shown = ["g4ad.16xlarge", "g4dn.12xlarge", "g5.48xlarge", "g6f.2xlarge", "g6e.24xlarge", "p3dn.24xlarge", "p4de.24xlarge", "p5.4xlarge", "p6-b300.48xlarge", "inf1.24xlarge", "inf2.48xlarge", "dl2q.24xlarge", "f2.48xlarge"];
  const text = (name: string) => {
    const { accelerators } = requireInstanceType(name);
    return accelerators === undefined ? "none" : `${accelerators.count} ${accelerators.manufacturer} ${accelerators.name} ${accelerators.memoryMib}`;
  };
  expect(shown.map(text)).toEqual([
    "4 AMD Radeon Pro V520 8192",
    "4 NVIDIA T4 16384",
    "8 NVIDIA A10G 22888",
    "1 NVIDIA L4 5722",
    "4 NVIDIA L40S 45776",
    "8 NVIDIA V100 32768",
    "8 NVIDIA A100 81920",
    "1 NVIDIA H100 81920",
    "8 NVIDIA B300 275040",
    "16 AWS Inferentia 8192",
    "12 AWS Inferentia2 32768",
    "8 Qualcomm AI100 16384",
    "8 AMD Virtex UltraScale+ (VU47P) 81920",
  ]);
});

test("Graviton boots by UEFI only, bare metal has no hypervisor, and the first enhanced networking was Intel's", () => {
  const of = (name: string) => {
    const type = requireInstanceType(name);
    return [type.architectures.join(" "), type.bootModes.join(" "), type.hypervisor ?? "none", type.network.ena, type.network.intelVf];
  };
  expect(Object.fromEntries(["m7g.large", "m7i.large", "m7i.metal-24xl", "t2.micro", "c3.large", "m4.large", "m4.16xlarge", "r4.large"].map((name) => [name, of(name)]))).toEqual({
    "m7g.large": ["arm64", "uefi", "nitro", "required", false],
    "m7i.large": ["x86_64", "legacy-bios uefi", "nitro", "required", false],
    "m7i.metal-24xl": ["x86_64", "legacy-bios", "none", "required", false],
    "t2.micro": ["i386 x86_64", "legacy-bios", "xen", "unsupported", false],
    "c3.large": ["i386 x86_64", "legacy-bios", "xen", "unsupported", true],
    "m4.large": ["x86_64", "legacy-bios", "xen", "unsupported", true],
    "m4.16xlarge": ["x86_64", "legacy-bios", "xen", "supported", false],
    "r4.large": ["x86_64", "legacy-bios", "xen", "supported", false],
  });
});

test("Cluster placement is for all but burstable, flexible and Apple's types", () => {
  const outside = listInstanceTypes().filter((type) => !type.placementStrategies.includes("cluster"));
  expect([...new Set(outside.map((type) => type.family))].toSorted().join(" ")).toBe(
    "c1 c7i-flex c8i-flex m1 m2 m3 m7i-flex m8i-flex mac-m3ultra mac-m4 mac-m4max mac-m4pro mac1 mac2 mac2-m1ultra mac2-m2 mac2-m2pro r8i-flex t1 t2 t3 t3a t4g",
  );
});

test("Credits follow the table of burstable types", () => {
  const credits = (family: string) =>
    listInstanceTypes()
      .filter((type) => type.family === family)
      .map(({ size, burstable }) => [size, burstable?.creditsPerHour, burstable?.maximumCredits, Number(burstable?.baselinePercentPerVcpu.toFixed(1))]);
  const later = [
    ["nano", 6, 144, 5],
    ["micro", 12, 288, 10],
    ["small", 24, 576, 20],
    ["medium", 24, 576, 20],
    ["large", 36, 864, 30],
    ["xlarge", 96, 2304, 40],
    ["2xlarge", 192, 4608, 40],
  ];
  const t2 = [
    ["nano", 3, 72, 5],
    ["micro", 6, 144, 10],
    ["small", 12, 288, 20],
    ["medium", 24, 576, 20],
    ["large", 36, 864, 30],
    ["xlarge", 54, 1296, 22.5],
    ["2xlarge", 81.6, 1958.4, 17],
  ];
  expect(["t2", "t3", "t3a", "t4g"].map(credits)).toEqual([t2, later, later, later]);
});

test("CpuOptions take the numbers of cores that the machine can be divided into", () => {
  const valid = ["m5.large", "m5.xlarge", "m5.2xlarge", "m5.24xlarge", "c3.4xlarge", "c3.8xlarge", "m1.large", "m3.medium", "m5.metal", "m7a.8xlarge", "m7a.48xlarge", "x8aedz.24xlarge", "c8i.48xlarge", "u-3tb1.56xlarge"].map((name) => requireInstanceType(name).validCores?.join(" "));
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
    "1 2 3 4 8 12 16 20 24 28 32",
    "4 6 8 10 12 14 16 18 20 22 24 48 72 96 120 144 168 192",
    "4 6 8 10 12 14 16 32 48 64 80 96",
    "6 9 12 15 18 21 24 27 30 33 36 39 42 45 48 51 54 57 60 63 66 69 72 75 78 81 84 87 90 93 96",
    "8 12 16 20 24 28 32 36 40 44 48 52 56 60 64 68 72 76 80 84 88 92 96 100 104 108 112",
  ]);
});

test("The views of t3.micro, m5d.metal and m1.small are EC2's own documents", () => {
  expect([requireInstanceType("t3.micro"), requireInstanceType("m5d.metal"), requireInstanceType("m1.small")].map(toInstanceTypeInfo)).toMatchSnapshot();
});
