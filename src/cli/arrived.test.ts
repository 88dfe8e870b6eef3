import { expect, test } from "vitest";
import { stillTried, type EngineAvailability } from "../host/protocol/report.ts";
import { findArrivals } from "./arrived.ts";
import type { HostStatus, NodeState } from "./status-report.ts";

test("A host is there for guests when it is up and an engine works, or when none is still being tried", () => {
  const engine = (reason?: string): EngineAvailability => ({ works: reason === undefined, engine: "qemu", ...(reason === undefined ? {} : { reason }) });
  const host = (id: string, hardware: EngineAvailability, state: NodeState = "up", emulated = engine("it is not installed")): HostStatus => {
    const nothing = { total: 0, reserved: 0 };
    return { id, state, vcpus: nothing, memoryMib: nothing, guests: [], engines: { emulated, paravirtual: engine("it is not installed"), hardware } };
  };
  const hosts = [
    host("works", engine()),
    host("tries", engine(stillTried)),
    host("other", engine(stillTried), "up", engine()),
    host("never", engine("there is no /dev/kvm")),
    host("drains", engine(), "draining"),
    host("silent", engine(stillTried), "silent"),
    host("joined", engine()),
  ];
  const zone = { name: "us-east-1a", hosts, storageNodes: [{ id: "as", state: "up" as const }, { id: "as1", state: "absent" as const }] };
  const awaited = ["as", "as1", "works", "tries", "other", "never", "drains", "silent", "unheard"];
  expect(findArrivals({ regions: [{ name: "us-east-1", zones: [zone] }] }, awaited)).toEqual({
    arrived: ["as", "works", "other", "never", "drains"],
    absent: ["as1", "tries", "silent", "unheard"],
    tried: ["tries"],
  });
  expect(findArrivals(undefined, ["as"])).toEqual({ arrived: [], absent: ["as"], tried: [] });
});
