/** A large VPC on one host; `bench network` says how long it takes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "./command.ts";
import { vpcNamespace } from "./names.ts";
import { LargeVpc } from "./testing/large-vpc.ts";

let vpc: LargeVpc;
beforeAll(async () => {
  vpc = await LargeVpc.open();
});
afterAll(() => (vpc as LargeVpc | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

/** The rules of IPv4 with their handles, by chain; one that is made anew has another. */
async function rulesByChain(): Promise<ReadonlyMap<string, string>> {
  const namespace = vpcNamespace(vpc.hosts.plan.installation, "a", vpc.nics[0]?.vpc.id ?? "vpc-");
  const text = await runCommand("ip", ["netns", "exec", namespace, "nft", "-a", "-s", "list", "table", "ip", "hostelry"]);
  return new Map(text.split("\tchain ").slice(1).map((chain) => [chain.slice(0, chain.indexOf(" ")), chain]));
}

test("one rule among 1,000 on 200 interfaces changes packets, and no chain but its group's", async () => {
  await vpc.apply({ interfaces: "all", rules: 1_000 });
  expect(await vpc.pings()).toBe(false);
  const before = await rulesByChain();
  await vpc.apply({ interfaces: "all", rules: 1_000, pings: true });
  expect(await vpc.pings()).toBe(true);
  const changed = [...(await rulesByChain())].filter(([name, text]) => before.get(name) !== text);
  expect([before.size > 100, changed.map(([name]) => name)]).toEqual([true, ["arrive_sg_0aaaaaaaaaaaaaa01"]]);
});

test("an agent that takes over keeps what it says", async () => {
  await vpc.hosts.a.kill();
  await vpc.hosts.a.open();
  await vpc.apply({ interfaces: "all", rules: 1_000, pings: true });
  expect(await vpc.pings()).toBe(true);
  await vpc.apply({ interfaces: "here", rules: 500 });
  expect(await vpc.pings()).toBe(false);
});
