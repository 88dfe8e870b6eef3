import { expect, test } from "vitest";
import { hostRules } from "./host-rules.ts";
import { interfaceRules } from "./interface-rules.ts";
import { machineRules, checkPlan } from "./underlay-plan.ts";

test("the rules of a host with two public addresses and a resolver to ask are these", async () => {
  const rules = hostRules({
    underlayDevice: "underlay0",
    underlayBlock: "198.18.0.0/22",
    resolvers: ["192.0.2.53"],
    publicAddresses: [{ address: "198.18.4.10", device: "vpc000000000001" }, { address: "198.18.4.11", device: "vpc000000000002" }],
  });
  await expect(rules).toMatchFileSnapshot("golden/host-rules.nft");
});

test("the rules of an interface are these", async () => {
  const rules = interfaceRules({ id: "eni-0000000000000000a", mac: "06:00:00:00:00:0a", privateAddress: "172.31.0.10" });
  await expect(rules).toMatchFileSnapshot("golden/interface-rules.nft");
});

test("the rules of the machine are these", async () => {
  const plan = checkPlan({ installation: "a1b2c3", underlay: "198.18.0.0/22", publicPool: "198.18.4.0/22", nodes: [] });
  await expect(machineRules(plan)).toMatchFileSnapshot("golden/machine-rules.nft");
});
