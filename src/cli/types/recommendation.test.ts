import { describe, expect, test } from "vitest";
import { listInstanceTypes, requireInstanceType } from "../../compute/instance-types/catalogue.ts";
import { recommend, type Wish } from "./recommendation.ts";
import { findWorkload, workloads, type Workload } from "./workloads.ts";

const types = listInstanceTypes();

function workload(text: string): Workload {
  const found = findWorkload(text);
  if (found === undefined) throw new Error(`no workload: ${text}`);
  return found;
}

function best(wish: Wish, count = 3): string[] {
  return recommend(types, wish)
    .slice(0, count)
    .map(({ type }) => type.name);
}

describe("What is recommended", () => {
  test("for a search engine with local disks is of the storage families, and exactly as large as asked", () => {
    expect(best({ vcpus: 8, memoryGib: 64, storage: "local", workload: workload("elasticsearch") })).toEqual(["i8ge.2xlarge", "i7ie.2xlarge", "i8g.2xlarge"]);
  });

  test("for a small service whose load comes and goes is burstable", () => {
    expect(best({ vcpus: 2, memoryGib: 4, load: "burst" })).toEqual(["t4g.medium", "t3.medium", "t3a.medium"]);
  });

  test("for a steady load is never burstable", () => {
    const steady = recommend(types, { vcpus: 2, memoryGib: 4, load: "steady" });
    expect([steady.length > 100, steady.filter(({ type }) => type.burstable !== undefined)]).toEqual([true, []]);
  });

  test("for training has accelerators, and for nothing else has any", () => {
    const trained = recommend(types, { workload: workload("LLM training") });
    const served = recommend(types, { vcpus: 8, workload: workload("postgres") });
    expect([trained.every(({ type }) => type.accelerators !== undefined), served.some(({ type }) => type.accelerators !== undefined)]).toEqual([true, false]);
  });

  test("for high-performance computing is of its own category", () => {
    expect(best({ workload: workload("OpenFOAM CFD") }, 1)[0]).toMatch(/^hpc/);
  });

  test("reaches every bound that was named", () => {
    const wish: Wish = { vcpus: 16, memoryGib: 128, storage: "local", architecture: "x86_64", networkGbps: 10, ebsMbps: 10_000 };
    const short = recommend(types, wish).filter(
      ({ type }) =>
        type.vcpus < 16 ||
        type.memoryMib < 128 * 1024 ||
        type.instanceStore === undefined ||
        !type.architectures.includes("x86_64") ||
        type.network.baselineGbps < 10 ||
        (type.ebs.bandwidth?.baselineMbps ?? 0) < 10_000 ||
        type.bareMetal ||
        !type.currentGeneration,
    );
    expect(short).toEqual([]);
  });

  test("is of a previous generation or bare metal only where that was asked for", () => {
    const of = (wish: Wish) => recommend(types, { vcpus: 2, memoryGib: 8, ...wish }).map(({ type }) => type);
    expect([of({ previous: true }).some((type) => !type.currentGeneration), of({ bareMetal: true }).every((type) => type.bareMetal)]).toEqual([true, true]);
  });

  test("is nothing where no type has all of it", () => {
    expect(recommend(types, { vcpus: 10_000 })).toEqual([]);
  });
});

test("A score is the sum of its reasons, and twice the size costs the same whatever it is twice of", () => {
  const [asked, twice] = ["r7i.2xlarge", "r7i.4xlarge"].map((name) => recommend([requireInstanceType(name)], { vcpus: 8, memoryGib: 64 })[0]);
  const sum = Math.round((asked?.reasons.reduce((total, { points }) => total + points, 100) ?? 0) * 10) / 10;
  const resources = twice?.reasons.flatMap(({ about, points, text }) => (about === "resources" ? [[points, text]] : []));
  expect([asked?.score, resources]).toEqual([
    sum,
    [
      [-12, "16 vCPUs, 2 times the 8 asked for"],
      [-12, "128 GiB of memory, 2 times the 64 asked for"],
    ],
  ]);
});

test("A workload is found by each of its words, and by no part of a word", () => {
  const wrong = workloads.flatMap((each) => each.words.filter((word) => findWorkload(`a ${word.toUpperCase()}, perhaps`) !== each));
  expect([wrong, findWorkload("webbing"), findWorkload(""), findWorkload("Redis-like cache")?.name]).toEqual([[], undefined, undefined, "cache in memory"]);
});
