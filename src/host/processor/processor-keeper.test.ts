import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import type { InstanceId } from "../../base/ids.ts";
import type { CreditReport, CreditSpecification } from "../protocol/processor.ts";
import type { ProcessorGroups } from "./control-groups.ts";
import { openProcessorKeeper, type HeldMachine, type Processors } from "./processor-keeper.ts";

const id: InstanceId = "i-0123456789abcdef0";
const nothing = { balance: 0, launch: 0, surplus: 0, charged: 0 };
const standard: CreditSpecification = { mode: "standard", earnedPerHour: 6, maximum: 144, initial: { ...nothing, balance: 1 } };

/** Groups of which a test says how much they used. */
class FakeGroups implements ProcessorGroups {
  readonly limits = new Map<string, number | undefined>();
  readonly vcpus = new Map<string, number>();
  usedUs = 0;
  busy = false;
  hold(): void {}
  setVcpus(name: string, vcpus: number): void {
    this.vcpus.set(name, vcpus);
  }
  setLimit(name: string, processors: number | undefined): void {
    this.limits.set(name, processors);
  }
  readUsedUs(): number {
    return this.usedUs;
  }
  remove(name: string): boolean {
    if (!this.busy) this.limits.delete(name);
    return !this.busy;
  }
  removeEmpty(): void {
    if (!this.busy) this.limits.clear();
  }
}

const clock = manualClock();
let groups: FakeGroups;
let state: string | undefined;
let reports: CreditReport[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  groups = new FakeGroups();
  state = undefined;
  reports = [];
});
afterEach(() => void vi.useRealTimers());

function open(): Promise<Processors> {
  return openProcessorKeeper({ groups, readState: async () => state, writeState: async (text) => void (state = text), clock, log: silentLog, everyMs: 1_000, reportEveryMs: 60_000 });
}

const machine = (change: Partial<HeldMachine> = {}): HeldMachine => ({ id, pid: 1, run: 1, specification: () => ({ vcpus: 2, credits: standard }), report: (report) => void reports.push(report), ...change });

/** So many seconds in which the guest uses so many processors. */
function pass(seconds: number, processors: number): void {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1_000);
    groups.usedUs += processors * 1e6;
    vi.advanceTimersByTime(1_000);
  }
}

test("A machine that has spent its credits is limited to its baseline, and is free again in unlimited mode", async () => {
  const keeper = await open();
  let credits = standard;
  keeper.hold(machine({ specification: () => ({ vcpus: 2, credits }) }));
  pass(20, 2);
  expect([groups.vcpus.get(id), groups.limits.get(id)]).toEqual([2, undefined]);
  pass(20, 2);
  expect(groups.limits.get(id)).toBe(0.1);
  credits = { ...standard, mode: "unlimited" };
  pass(1, 0.1);
  expect(groups.limits.get(id)).toBeUndefined();
  await keeper.close();
});

test("Balances are reported now and then and at the end of a run, and its group goes", async () => {
  const keeper = await open();
  keeper.hold(machine());
  pass(60, 0);
  expect(reports).toEqual([{ kind: "credits", id, run: 1, credits: { ...nothing, balance: expect.closeTo(1.1, 5) as number } }]);
  pass(30, 1);
  groups.busy = true;
  await keeper.end(id);
  expect(reports[1]?.credits.balance).toBeCloseTo(1.1 + 0.05 - 0.5, 5);
  expect(groups.limits.has(id)).toBe(true);
  groups.busy = false;
  pass(1, 0);
  expect(groups.limits.has(id)).toBe(false);
  await keeper.close();
});

test("The next agent goes on with the credits that were written down, and another run with its own", async () => {
  const first = await open();
  first.hold(machine());
  pass(60, 0.5);
  await first.close();
  const second = await open();
  second.hold(machine());
  await second.end(id);
  expect(reports.at(-1)?.credits.balance).toBeCloseTo(1 + 0.1 - 0.5, 5);
  second.hold(machine({ run: 2 }));
  await second.end(id);
  expect(reports.at(-1)).toMatchObject({ run: 2, credits: { balance: 1 } });
  await second.close();
});

test("A machine of another type has a share and no credits", async () => {
  const keeper = await open();
  keeper.hold(machine({ specification: () => ({ vcpus: 4 }) }));
  pass(120, 4);
  expect([groups.vcpus.get(id), groups.limits.has(id), reports]).toEqual([4, false, []]);
  await keeper.close();
});

test("What a killed agent left of machines that have ended goes when the next one opens", async () => {
  groups.limits.set("i-0eeeeeeeeeeeeeeee", 0.1);
  await (await open()).close();
  expect(groups.limits.size).toBe(0);
});
