import { expect, test } from "vitest";
import { buildTopology } from "./build-topology.ts";
import { wantedComponents } from "./follow-installation.ts";
import { parseTopology } from "./topology.ts";
import { editTopology, parseTopologyEdit } from "./topology-edit.ts";

const machine = { cpus: 2, memoryMib: 10_240 };
const underlay = { base: 0xc6130400, prefix: 24 };
const plan = (hosts: unknown) => ({ regions: [{ name: "us-east-1", zones: [{ name: "us-east-1a", hosts }] }] });

test("An emulated host that is added has a computer, and no agent on this machine; when it is removed it has neither", () => {
  const before = buildTopology(parseTopology(JSON.stringify(plan(1)), "plan"), machine, underlay);
  const room = { machine, underlay, ids: ["a1", "as"], addresses: ["198.19.4.2", "198.19.4.3"] };
  const after = editTopology(before, parseTopologyEdit({ add: "host", plan: plan([{ emulated: "yes", cards: ["eth1"] }]) }), room);
  const installation = { id: "0a1b2c", createdAt: "", simulated: false, runDirectory: "", port: 0, openAccounts: false, underlay: "", publicPool: "" };
  const ordinary = [{ kind: "control-plane" }, { kind: "agent", node: "as" }, { kind: "agent", node: "a1" }];
  expect(wantedComponents({ ...installation, topology: after })).toEqual([...ordinary, { kind: "machine", node: "a2" }]);
  expect(wantedComponents({ ...installation, topology: editTopology(after, { remove: "host", name: "a2" }, room) })).toEqual(ordinary);
});
