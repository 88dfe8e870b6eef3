import { expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { openStore } from "../../store/store.ts";
import { firstHearingMs, newWatch } from "./watch-hosts.ts";

const started = 1_000_000;

/** A watch that looks every second, over hosts of which `heard` are heard each time. */
async function openWatch() {
  const clock = manualClock(started);
  const store = await openStore(":memory:");
  const common = { region: "us-east-1", zone: "us-east-1a", underlay_address: "", vcpus: 1, memory_mib: 1, created_at: 0, description: null, heard_at: null, failed_at: null, draining: 0 } as const;
  const hosts = [
    { ...common, id: "h1", role: "host", incarnation: 1 },
    { ...common, id: "h2", role: "host", incarnation: 1 },
    { ...common, id: "never", role: "host", incarnation: 0 },
    { ...common, id: "storage", role: "storage", incarnation: 1 },
  ] as const;
  for (const host of hosts) await store.write((tx) => tx.db.insertInto("hosts").values({ ...host }).execute());
  const watch = newWatch(clock.now());
  /** Returns the hosts that are declared dead within so many seconds, with the second of each. */
  const pass = async (seconds: number, heard: readonly string[]): Promise<string[]> => {
    const dead: string[] = [];
    for (let second = 1; second <= seconds; second++) {
      clock.advance(1_000);
      if (heard.length > 0) await store.write((tx) => tx.db.updateTable("hosts").set({ heard_at: clock.now() }).where("id", "in", heard).execute());
      for (const id of await watch({ store, clock, log: silentLog })) dead.push(`${id} after ${second} s`);
    }
    return dead;
  };
  return { clock, pass, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

const first = firstHearingMs / 1_000;

test("a host that was heard and falls silent is dead after little more than ten seconds, once; a storage node and a host that never came are not", async () => {
  await using watch = await openWatch();
  expect(await watch.pass(first + 20, ["h1", "h2"])).toEqual([]);
  expect(await watch.pass(30, ["h1"])).toEqual(["h2 after 11 s"]);
});

test("hosts that are not heard after the control plane's start have time to come", async () => {
  await using watch = await openWatch();
  expect(await watch.pass(first, ["h1"])).toEqual([]);
  expect(await watch.pass(1, ["h1"])).toEqual(["h2 after 1 s"]);
});

test("a pause in which nobody listened is not the hosts' silence", async () => {
  await using watch = await openWatch();
  await watch.pass(first + 1, ["h1", "h2"]);
  watch.clock.advance(3_600_000);
  expect(await watch.pass(10, [])).toEqual([]);
  expect(await watch.pass(3, [])).toEqual(["h1 after 2 s", "h2 after 2 s"]);
});
