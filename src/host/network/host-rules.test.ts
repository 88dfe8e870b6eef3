import { expect, test } from "vitest";
import { hostRules } from "./host-rules.ts";
import { interfaceRules } from "./interface-rules.ts";
import { machineRules, checkPlan } from "./underlay-plan.ts";

test("the rules of a host with two public addresses, one and a prefix of IPv6 and a resolver to ask are these", async () => {
  const rules = hostRules({
    underlayDevice: "underlay0",
    underlayBlock: "198.18.0.0/22",
    resolvers: ["192.0.2.53"],
    serviceAddress: "198.18.4.3",
    publicAddresses: [
      { address: "198.18.4.10", device: "vpc000000000001" },
      { address: "198.18.4.11", device: "vpc000000000002" },
      { address: "3fff:a1b:2c30:100::a", device: "vpc000000000001" },
      { address: "3fff:a1b:2c30:100:1::/80", device: "vpc000000000001" },
    ],
  });
  await expect(rules).toMatchFileSnapshot("golden/host-rules.nft");
});

test("the rules of an interface are these, of one that forwards packets of others and has two addresses, and of one with IPv6", async () => {
  const plain = interfaceRules({ id: "eni-0000000000000000a", mac: "06:00:00:00:00:0a", privateAddresses: ["172.31.0.10"], ipv6Addresses: [], sourceDestCheck: true });
  const forwarding = interfaceRules({ id: "eni-0000000000000000b", mac: "06:00:00:00:00:0b", privateAddresses: ["172.31.0.11", "172.31.0.12"], ipv6Addresses: ["3fff::b"], sourceDestCheck: false });
  const dual = interfaceRules({ id: "eni-0000000000000000c", mac: "06:00:00:00:00:0c", privateAddresses: ["172.31.0.13"], ipv6Addresses: ["3fff::c", "3fff::d"], sourceDestCheck: true });
  await expect(plain + forwarding + dual).toMatchFileSnapshot("golden/interface-rules.nft");
});

test("the rules of the machine are these", async () => {
  const plan = checkPlan({ installation: "a1b2c3", underlay: "198.18.0.0/22", publicPool: "198.18.4.0/22", nodes: [] });
  await expect(machineRules(plan)).toMatchFileSnapshot("golden/machine-rules.nft");
});
