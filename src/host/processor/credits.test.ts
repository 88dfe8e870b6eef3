import { expect, test } from "vitest";
import type { CreditSpecification } from "../protocol/processor.ts";
import { allowedVcpus, openLedger, settle, type Ledger } from "./credits.ts";

const minuteMs = 60_000;
/** A vCPU at 100 % for a minute. */
const creditUs = 60e6;
const nothing = { balance: 0, launch: 0, surplus: 0, charged: 0 };
/** A t3.nano: 6 credits an hour, 144 at most, a baseline of a tenth of a vCPU. */
const nano = (change: Partial<CreditSpecification> = {}): CreditSpecification => ({ mode: "standard", earnedPerHour: 6, maximum: 144, initial: nothing, ...change });

/** What is left after so many minutes in which the guest used so many credits. */
function after(specification: CreditSpecification, ...stretches: readonly { minutes: number; credits: number }[]): Ledger {
  let ledger = openLedger(1, specification, 0, 0);
  for (const { minutes, credits } of stretches) ledger = settle(ledger, specification, ledger.usedUs + credits * creditUs, ledger.at + minutes * minuteMs);
  return ledger;
}

test("An idle machine earns up to what a day earns", () => {
  expect(after(nano(), { minutes: 60, credits: 0 }).balance).toBe(6);
  expect(after(nano(), { minutes: 3 * 24 * 60, credits: 0 }).balance).toBe(144);
});

test("A machine in standard mode bursts while it has credits, and then has its baseline", () => {
  const full = nano({ initial: { ...nothing, balance: 144 } });
  const busy = after(full, { minutes: 60, credits: 120 });
  expect([busy.balance, allowedVcpus(busy, full)]).toEqual([30, undefined]);
  const spent = after(full, { minutes: 60, credits: 120 }, { minutes: 20, credits: 40 });
  expect(allowedVcpus(spent, full)).toBe(0.1);
});

test("A throttled machine is let go when it has some credits again, and not before", () => {
  const empty = after(nano(), { minutes: 1, credits: 1 });
  const almost = settle(empty, nano(), empty.usedUs, empty.at + 9 * minuteMs);
  const enough = settle(almost, nano(), almost.usedUs, almost.at + 2 * minuteMs);
  expect([empty.throttled, almost.throttled, enough.throttled]).toEqual([true, true, false]);
});

test("Launch credits are spent first", () => {
  const { launch, balance } = after(nano({ initial: { ...nothing, launch: 30 } }), { minutes: 60, credits: 20 });
  expect([launch, balance]).toEqual([10, 6]);
});

test("A machine in unlimited mode goes on with surplus credits, pays them back first, and is charged beyond a day's", () => {
  const unlimited = nano({ mode: "unlimited" });
  const borrowed = after(unlimited, { minutes: 60, credits: 16 });
  expect(borrowed).toMatchObject({ balance: 0, surplus: 10, charged: 0, throttled: false });
  expect(after(unlimited, { minutes: 60, credits: 16 }, { minutes: 120, credits: 0 })).toMatchObject({ balance: 2, surplus: 0 });
  expect(after(unlimited, { minutes: 60, credits: 160 })).toMatchObject({ surplus: 144, charged: 10 });
});

test("A counter that begins anew does not give credits back", () => {
  const before = after(nano({ initial: { ...nothing, balance: 10 } }), { minutes: 10, credits: 5 });
  expect(settle(before, nano(), 1 * creditUs, before.at + 10 * minuteMs).balance).toBe(before.balance + 1 - 1);
});
