import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { decideMove, type Look, moveProcesses } from "./processor-balance.ts";

/** Counters after `waited` of a second of waiting, with the processors idle for the shares `idle` of it. */
function lookAfter(waited: number, idle: readonly number[]): [Look, Look] {
  const counters = (ms: number, factor: number): Look => ({
    atMs: 5_000 + ms,
    waitedMs: 70_000 + factor * waited * 1_000,
    idleMs: new Map(idle.map((share, processor) => [processor, 900_000 + factor * share * 1_000])),
  });
  return [counters(0, 0), counters(1_000, 1)];
}

it.each([
  { title: "a guest that waits much goes to the idlest processor", waited: 0.15, idle: [0, 0.7, 0.9], to: 2 },
  { title: "a guest that has its processor for itself stays", waited: 0.04, idle: [0, 0.9], to: undefined },
  { title: "a guest that waits stays when every processor has work", waited: 0.5, idle: [0, 0.4], to: undefined },
])("$title", ({ waited, idle, to }) => {
  expect(decideMove(...lookAfter(waited, idle))).toBe(to);
});

it("processes are moved, those that are gone passed over", async () => {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    await once(child, "spawn");
    await moveProcesses([2 ** 22, child.pid ?? 0], 0);
    expect(await readFile(`/proc/${child.pid}/status`, "utf8")).toMatch(/^Cpus_allowed_list:\s0$/m);
  } finally {
    child.kill("SIGKILL");
  }
});
