import { afterEach, describe, expect, test, vi } from "vitest";
import { run } from "../program.ts";

const output: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function runCaptured(...argv: string[]): Promise<{ readonly code: number; readonly text: string }> {
  output.length = 0;
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      output.push(String(text));
      return true;
    });
  }
  return { code: await run(["types", ...argv]), text: output.join("") };
}

async function json(...argv: string[]): Promise<unknown> {
  return JSON.parse((await runCaptured(...argv, "--json")).text);
}

describe("types decode", () => {
  test("explains each part of a name and shows the catalogue's figures", async () => {
    const { code, text } = await runCaptured("decode", "t3.micro");
    expect({ code, text }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "text": "t3.micro: general purpose, for web sites, development, small services whose load comes and goes

        t      series      burstable: a baseline of each vCPU, and credits to go beyond it
        3      generation  generation 3
        micro  size        a very small size

        processor             Intel Xeon Platinum (Skylake or Cascade Lake), x86_64, 2.5 GHz
        vCPUs                 2: 1 core of 2 threads
        memory                1 GiB
        memory for each vCPU  0.5 GiB
        local disks           none
        network               Up to 5 Gigabit, 0.064 Gbit/s at all times
        interfaces            2 with 2 IPv4 addresses each
        bandwidth to volumes  87 Mbit/s and 500 IOPS, up to 2085 Mbit/s and 11800 IOPS for a while
        volumes               27 at most
        CPU credits           12 an hour, 288 at most: 10 % of each vCPU
        hypervisor            nitro, hvm
        boot                  legacy-bios or uefi, from ebs
        enhanced networking   Elastic Network Adapter required
        placement groups      partition, spread
        generation            current
      ",
      }
    `);
  });

  test("takes apart a name that is not in the catalogue, and says so", async () => {
    const { code, text } = await runCaptured("decode", "m9x.3xlarge");
    expect({ code, last: text.trim().split("\n").slice(-2) }).toEqual({
      code: 0,
      last: ["Processor by the name: not said by the name.", "It is not in the catalogue: the name is well-formed, but no such type is known here."],
    });
    expect(await json("decode", "m9x.3xlarge")).toMatchObject([{ category: "general purpose", generation: 9, catalogue: null, parts: [{ text: "m" }, { text: "9" }, { text: "x", known: false }, { text: "3xlarge" }] }]);
  });

  test("refuses what is no name, with the reason", async () => {
    expect(await runCaptured("decode", "m5")).toEqual({
      code: 2,
      text: "hostelry: 'm5' is no name of an instance type: it has no size after a dot, as in m5.large.\n  A name is a family, a dot and a size: c7gn.4xlarge.\n",
    });
  });
});

describe("types compare", () => {
  test("marks what differs and says how much", async () => {
    const { code, text } = await runCaptured("compare", "m5.large", "r5d.xlarge");
    const marked = text.split("\n").flatMap((line) => (line.startsWith("≠") ? [line.slice(3).split("  ")[0]] : []));
    expect({ code, marked, last: text.trim().split("\n").at(-1) }).toEqual({
      code: 0,
      marked: ["vCPUs", "memory", "memory for each vCPU", "local disks", "network", "interfaces", "bandwidth to volumes", "volumes", "generation"],
      last: "Against r5d.xlarge, m5.large has 0.5 times the vCPUs, 0.25 times the memory, 0.5 times the memory for each vCPU, no local disks, 0.6 times the network, 0.75 times the interfaces, 0.57 times the bandwidth to volumes, 1.04 times the volumes.",
    });
    expect(await json("compare", "m5.large", "m5.large")).toMatchObject({ types: [{ name: "m5.large" }, { name: "m5.large" }], differences: [] });
  });

  test("refuses a type that is not in the catalogue, and names the family's sizes", async () => {
    expect(await runCaptured("compare", "m5.large", "t1.huge2")).toMatchObject({ code: 2, text: expect.stringContaining("'huge2' is no size") });
    expect(await runCaptured("compare", "m5.large", "c3.metal")).toEqual({
      code: 2,
      text: "hostelry: There is no instance type c3.metal in the catalogue.\n  c3 has the sizes large, xlarge, 2xlarge, 4xlarge, 8xlarge.\n",
    });
  });
});

describe("types list", () => {
  test("shows what all its filters let through", async () => {
    const { text } = await runCaptured("list", "--category", "memory optimized", "--arch", "arm64", "--local-storage", "--vcpu", "2");
    expect(text.split("\n").map((line) => line.split(" ")[0])).toEqual(["TYPE", "r6gd.large", "r7gd.large", "r8gd.large", "r9gd.large", "x2gd.large", ""]);
    expect(await json("list", "--family", "t2", "--memory", "0.5")).toMatchObject([{ name: "t2.nano", memoryMib: 512, burstable: { creditsPerHour: 3 } }]);
    expect((await runCaptured("list", "--gpu", "--burstable")).text).toBe("No instance type has all of this.\n");
  });
});

describe("types recommend", () => {
  test("gives its reasons, and what it took the workload for", async () => {
    const { code, text } = await runCaptured("recommend", "--vcpu", "8", "--memory", "64", "--storage", "local", "--workload", "Elasticsearch cluster", "--arch", "x86_64", "--limit", "1");
    expect({ code, lines: text.split("\n").slice(0, 5) }).toEqual({
      code: 0,
      lines: [
        "'Elasticsearch cluster' is taken as search and log indexing: indexing reads and writes much at random, and half of the memory serves as its cache.",
        "",
        expect.stringMatching(/^1\. i7ie\.2xlarge, [\d.]+ points$/),
        "    0      resources     exactly the 8 vCPUs asked for",
        "    0      resources     exactly the 64 GiB of memory asked for",
      ],
    });
  });

  test("says what it does not know, and goes by figures", async () => {
    const { code, text } = await runCaptured("recommend", "--vcpu", "2", "--workload", "frobnication", "--limit", "1");
    expect({ code, first: text.split("\n")[0] }).toEqual({ code: 0, first: expect.stringMatching(/^Nothing is known of the workload 'frobnication'.*Known are: /) });
  });

  test("ends with 1 where nothing fits, and with 2 where nothing was asked", async () => {
    expect(await runCaptured("recommend", "--vcpu", "5000")).toEqual({ code: 1, text: "No instance type has all of this.\n" });
    process.exitCode = undefined;
    expect(await runCaptured("recommend", "--load", "burst")).toMatchObject({ code: 2, text: expect.stringContaining("There is nothing to go by.") });
    expect(await runCaptured("recommend", "--vcpu", "0")).toMatchObject({ code: 2, text: expect.stringContaining("Expected a number above 0.") });
    expect(await runCaptured("recommend", "--storage", "tape")).toMatchObject({ code: 2, text: expect.stringContaining("Allowed choices are local, hdd, ebs") });
  });

  test("as JSON has the type's figures with the reasons", async () => {
    expect(await json("recommend", "--gpu", "8", "--limit", "2")).toMatchObject({ workload: null, recommended: [{ score: expect.any(Number), reasons: expect.any(Array), type: { accelerators: { count: 8 } } }, {}] });
  });
});

test.each(["decode", "compare", "list", "recommend"])("types %s has help", async (command) => {
  expect(await runCaptured(command, "--help")).toMatchObject({ code: 0, text: expect.stringContaining(`Usage: hostelry types ${command} `) });
});
