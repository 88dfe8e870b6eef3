import { expect, test } from "vitest";
import { vpcRules } from "./vpc-rules.ts";

test("the rules of a VPC with two interfaces, one of them public, are these", async () => {
  const rules = vpcRules({
    linkAddress: "169.254.64.2",
    resolver: "172.31.0.2",
    underlayBlock: "198.18.0.0/22",
    interfaces: [
      { device: "eni000000000001", privateAddress: "172.31.0.5", publicAddress: "198.18.4.10", metadataPort: 20_000, hopLimit: 1 },
      { device: "eni000000000002", privateAddress: "172.31.16.9", metadataPort: 20_001, hopLimit: 2 },
    ],
  });
  await expect(rules).toMatchFileSnapshot("golden/vpc-rules.nft");
});

test("a VPC without a public address has no translation and no way out", () => {
  const rules = vpcRules({
    linkAddress: "169.254.64.2",
    resolver: "172.31.0.2",
    underlayBlock: "198.18.0.0/22",
    interfaces: [{ device: "eni000000000001", privateAddress: "172.31.0.5", metadataPort: 20_000, hopLimit: 1 }],
  });
  expect(rules.split("\n").filter((line) => line.includes(" map ") || /oifname "uplink".* accept/.test(line))).toEqual([]);
});
