import { expect, test } from "vitest";
import { defaultFlowLogFields, type FlowLogField } from "../../protocol/flow-log.ts";
import { parseFlowCounts } from "./flow-counts.ts";
import { flowLogLine, formatVersion } from "./flow-record.ts";
import { unwatchRules, watchRules } from "./flow-rules.ts";

test("one device is counted from now on, another no more", async () => {
  await expect(watchRules(["eniaaaaaaaaaa02"], ["eniaaaaaaaaaa01"]) + unwatchRules()).toMatchFileSnapshot("../golden/flow-rules.nft");
});

test("sets are read as flows of their direction and device, with and without ports", () => {
  const element = (concat: readonly unknown[]) => ({ elem: { val: { concat }, expires: 890, counter: { packets: 2, bytes: 90 } } });
  const sets = [
    { set: { name: "leave_eni01", elem: [element(["10.0.0.1", "10.0.0.2", 6, 1_024, 80])] } },
    { set: { name: "arrive_eni01_bare", elem: [element(["10.0.0.2", "10.0.0.1", 1])] } },
    { set: { name: "arrive_eni01" } },
    { chain: { name: "leave" } },
  ];
  const amount = { packets: 2, bytes: 90, idleSeconds: 9 };
  expect(parseFlowCounts(JSON.stringify({ nftables: sets }))).toEqual({
    counts: [
      { flow: { direction: "leave", device: "eni01", source: "10.0.0.1", destination: "10.0.0.2", protocol: 6, sourcePort: 1_024, destinationPort: 80 }, ...amount },
      { flow: { direction: "arrive", device: "eni01", source: "10.0.0.2", destination: "10.0.0.1", protocol: 1, sourcePort: 0, destinationPort: 0 }, ...amount },
    ],
    overfull: [],
  });
});

test("a line has the fields of its log's format, and the version that they need", () => {
  const fields: readonly FlowLogField[] = ["version", "vpc-id", "instance-id", "flow-direction", "pkt-srcaddr", "sublocation-id", "start", "log-status"];
  const log = { id: "fl-00000000000000001", account: "123456789012", region: "us-east-1", traffic: "ALL", intervalSeconds: 60, fields, destination: { kind: "s3", bucket: "b", prefix: "" }, interfaces: [] } as const;
  const place = { log, vpc: "vpc-1", nic: { id: "eni-1", subnet: "subnet-1", instance: "i-1" } } as const;
  const flow = { direction: "leave", device: "eni01", source: "10.0.0.1", destination: "10.0.0.2", protocol: 6, sourcePort: 1, destinationPort: 2 } as const;
  expect(flowLogLine(place, { flow, action: "ACCEPT", packets: 1, bytes: 40, startMs: 5_999, endMs: 6_000 })).toBe("5 vpc-1 i-1 egress 10.0.0.1 - 5 OK");
  expect([formatVersion(defaultFlowLogFields), formatVersion(["srcaddr", "vpc-id"]), formatVersion(["region"])]).toEqual([2, 3, 4]);
});
