/** What a large VPC takes a host's agent: two hosts of their own, beside the installation, whose guests are namespaces. */
import { LargeVpc } from "../../host/network/testing/large-vpc.ts";
import type { Course } from "./network-course.ts";
import { median } from "./report.ts";

/** Rows: what, median, longest, aim. */
export async function measureLargeVpc({ runs, working }: Pick<Course, "runs" | "working">): Promise<string[][]> {
  working("a large VPC");
  await using vpc = await LargeVpc.open();
  const taken = { whole: [] as number[], takeOver: [] as number[], change: [] as number[], effect: [] as number[] };
  for (let turn = 1; turn <= runs * 2; turn++) {
    working(`a large VPC: ${turn} of ${runs * 2}`);
    await vpc.hosts.a.removeVpc(vpc.nics[0]?.vpc.id ?? "vpc-");
    taken.whole.push(await vpc.apply({ interfaces: "all", rules: 1_000 }));
    await vpc.hosts.a.kill();
    await vpc.hosts.a.open();
    taken.takeOver.push(await vpc.apply({ interfaces: "all", rules: 1_000 }));
    taken.change.push(await vpc.apply({ interfaces: "all", rules: 1_000, pings: true }));
    await vpc.apply({ interfaces: "here", rules: 500 });
    const began = performance.now();
    await vpc.apply({ interfaces: "here", rules: 500, pings: true });
    if (!(await vpc.pings())) throw new Error("a rule had no effect");
    taken.effect.push(performance.now() - began);
  }
  const row = (what: string, values: readonly number[], aim: string) => [what, `${median(values).toFixed(0)} ms`, `${Math.max(...values).toFixed(0)} ms`, aim];
  return [
    row("an agent applies a VPC of 1,000 rules and 200 interfaces", taken.whole, "1000 ms"),
    row("the same, by an agent that takes over", taken.takeOver, "1000 ms"),
    row("the same, one rule more", taken.change, "500 ms"),
    row("a rule more among 500 on 50 interfaces, until a packet passes", taken.effect, "500 ms"),
  ];
}
