import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../../../base/random.ts";
import { balanceProcessors, decideMove, type Look, moveProcesses } from "./processor-balance.ts";

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

describe("a guest that is looked after", () => {
  const [calm, crowded] = [lookAfter(0, [0, 0.9]), lookAfter(0.5, [0, 0.9])];
  /** Ends when the looks are over; resolves to what was moved where. */
  async function balance(looks: readonly (Look | Error)[], kernels: readonly (number | undefined)[] = [7]): Promise<readonly unknown[]> {
    const [leaving, moves] = [new AbortController(), new Array<unknown>()];
    const [nextLook, nextKernel] = [looks.values(), kernels.values()];
    const guest = { findKernel: async () => nextKernel.next().value ?? 7, list: async () => [{ pid: 7 }, { pid: 8 }] };
    const look = async (): Promise<Look> => {
      const { value } = nextLook.next();
      if (value instanceof Error) throw value;
      if (value === undefined) leaving.abort();
      return value ?? calm[0];
    };
    const move = async (processes: readonly number[], processor: number) => void moves.push([processes, processor]);
    await balanceProcessors(guest, { random: systemRandom, processors: { look, move }, everyMs: 1, lookMs: 1 }, leaving.signal);
    return moves;
  }
  const failure = (code: string) => Object.assign(new Error(code), { code });

  it("is moved whole, its kernel first, once it is crowded", async () => {
    expect(await balance([...calm, ...crowded, ...calm])).toEqual([[[7], 1], [[7, 8], 1]]);
  });

  it("is looked at again when it or its kernel was gone for a moment", async () => {
    expect(await balance([failure("ENOENT"), crowded[0], failure("ESRCH"), ...crowded], [7, undefined, 7])).toHaveLength(2);
  });

  it("is not looked at any more when that fails", async () => {
    await expect(balance([failure("EACCES"), ...crowded])).rejects.toThrow("EACCES");
  });
});
