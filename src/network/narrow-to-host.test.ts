import { expect, test } from "vitest";
import type { PlacedInterface, VpcSpecification } from "../host/protocol/specification.ts";
import { narrowToHost } from "./vpc-specification.ts";

test("A host is told the groups of its own interfaces and of every endpoint's, for which it answers too, and of no others", () => {
  const nic = (digit: string, change: Partial<PlacedInterface>): PlacedInterface => ({ id: `eni-${digit}` as const, subnet: "subnet-1", mac: "", privateAddresses: [], publicAddresses: {}, groups: [`sg-${digit}`], sourceDestCheck: true, ...change });
  const interfaces = [nic("1", { hostAddress: "192.0.2.1" }), nic("2", { hostAddress: "192.0.2.2" }), nic("3", { endpoint: true }), nic("4", { connectEndpoint: true })];
  const groups = ["sg-1", "sg-2", "sg-3", "sg-4"].map((id) => ({ id, rules: [] }));
  const specification: VpcSpecification = { kind: "vpc", id: "vpc-1", generation: 1, want: "present", networkIdentifier: 1, cidrs: [], subnets: [], interfaces, groups };
  expect(narrowToHost(specification, "192.0.2.1").groups.map(({ id }) => id)).toEqual(["sg-1", "sg-3", "sg-4"]);
});
