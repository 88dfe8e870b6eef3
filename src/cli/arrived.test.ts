import { expect, test } from "vitest";
import { stillTried, type EngineAvailability } from "../host/protocol/report.ts";
import { listArrived } from "./arrived.ts";
import type { HostStatus, NodeState } from "./status-report.ts";

test("A host is there for guests when it is up and an engine works, or when none is still being tried", () => {
  const engine = (reason?: string): EngineAvailability => ({ works: reason === undefined, engine: "qemu", ...(reason === undefined ? {} : { reason }) });
  const host = (id: string, hardware: EngineAvailability, state: NodeState = "up", emulated = engine("it is not installed")): HostStatus => {
    const nothing = { total: 0, reserved: 0 };
    return { id, state, vcpus: nothing, memoryMib: nothing, guests: [], engines: { emulated, paravirtual: engine("it is not installed"), hardware } };
  };
  const hosts = [host("works", engine()), host("tries", engine(stillTried)), host("other", engine(stillTried), "up", engine()), host("never", engine("there is no /dev/kvm")), host("silent", engine(), "silent")];
  const zone = { name: "us-east-1a", hosts, storageNodes: [{ id: "as", state: "up" as const }, { id: "as1", state: "absent" as const }] };
  expect(listArrived({ regions: [{ name: "us-east-1", zones: [zone] }] })).toEqual(["as", "works", "other", "never"]);
});
