import { expect, test, vi } from "vitest";
import type { InstanceId, InterfaceId } from "../../base/ids.ts";
import { silentLog } from "../../base/log.ts";
import { watchGuests, type WatchedGuest } from "./guest-watch.ts";

/** Guests by what they are asked by, and what was noted of each. */
function openWatch(...names: readonly string[]) {
  const leave = new AbortController();
  const silent = new Set<string>();
  const noted: string[] = [];
  const asked: string[][] = [];
  const guests = names.map((name): WatchedGuest => ({ machine: `i-${name}` as InstanceId, run: 1, nic: `eni-${name}` as InterfaceId, note: (answers) => void noted.push(`${name} ${answers ? "answers" : "is gone"}`) }));
  const network = {
    async findSilent(ids: readonly InterfaceId[]) {
      asked.push([...ids]);
      return new Set(ids.filter((id) => silent.has(id)));
    },
  };
  const timing = { everyMs: 50, againMs: 1 };
  const over = watchGuests({ guests: () => guests, network, log: silentLog, timing }, leave.signal);
  return { silent, noted, asked, [Symbol.asyncDispose]: async () => (leave.abort(), over) };
}

test("A guest that is silent is asked again at once and is gone after two times; one that answers meanwhile is not", async () => {
  await using watch = openWatch("a", "b");
  watch.silent.add("eni-a");
  await vi.waitFor(() => expect(watch.noted).toContain("a is gone"), { timeout: 30_000 });
  expect(watch.asked.slice(0, 2)).toEqual([["eni-a", "eni-b"], ["eni-a"]]);
  expect(watch.noted.slice(0, 2)).toEqual(["b answers", "a is gone"]);
  watch.silent.delete("eni-a");
  await vi.waitFor(() => expect(watch.noted).toContain("a answers"), { timeout: 30_000 });
  expect(watch.noted).not.toContain("b is gone");
});
