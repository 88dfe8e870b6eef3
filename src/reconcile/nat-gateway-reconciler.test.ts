import { describe, expect, test } from "vitest";
import type { HostRow } from "../store/tables.ts";
import { decideHost } from "./nat-gateway-reconciler.ts";

const now = 1_000_000;
const host = (id: string, heardAgoMs: number): HostRow => ({
  id,
  role: "host",
  region: "us-east-1",
  zone: "us-east-1a",
  underlay_address: "198.18.0.2",
  vcpus: 1,
  memory_mib: 1,
  disk_percent: null,
  network_percent: null,
  created_at: 0,
  incarnation: 1,
  description: null,
  heard_at: now - heardAgoMs,
  failed_at: null,
  draining: 0,
});
const [one, two] = [host("one", 0), host("two", 0)];
const silent = host("one", 60_000);
const decide = (hosts: readonly HostRow[], hostId: string | null, silentSince: number | null = null) =>
  decideHost({ host_id: hostId, silent_since: silentSince }, hosts, new Map([["one", 2], ["two", 1]]), now);

describe("A NAT gateway", () => {
  test("is given to the heard host with the fewest gateways, and stays there", () => {
    expect([decide([one, two], null), decide([one, two], "one")]).toEqual([{ kind: "move", host: two }, { kind: "stay", host: one }]);
  });

  test("moves only when its host was found silent for long, and to a host that is heard", () => {
    expect([decide([silent, two], "one"), decide([silent, two], "one", now - 14_000), decide([silent, two], "one", now - 15_000)]).toEqual([
      { kind: "silent" },
      { kind: "wait" },
      { kind: "move", host: two },
    ]);
    expect([decide([silent], null), decide([silent], "one", now - 60_000)]).toEqual([{ kind: "wait" }, { kind: "wait" }]);
  });

  test("is given away when its host is no host of the zone any more", () => {
    expect(decide([two], "one")).toEqual({ kind: "move", host: two });
  });
});
