/** What accounts ask for: launches of one to twenty instances of common types, some of them in placement groups or on dedicated hardware. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import type { Random } from "../../base/random.ts";
import type { GroupPlan } from "../../placement/placement-group.ts";
import { between, choose } from "./seeded-random.ts";

export interface DrawnLaunch {
  readonly account: string;
  readonly input: RunInstancesCommandInput;
  /** A group that is to be made for it. */
  readonly group: GroupPlan | undefined;
}

/** About 10 GiB and 2.7 vCPUs on average. */
const types = [
  ["t3.nano", 5], ["t3.micro", 14], ["t3.small", 15], ["t3.medium", 15], ["c5.large", 6], ["m5.large", 18], ["c5.xlarge", 9], ["r5.large", 9], ["m5.2xlarge", 6], ["m5.4xlarge", 2], ["r5.2xlarge", 1],
] as const;
/** Burstable types cannot be in a cluster. */
const clusterTypes = types.filter(([name]) => !name.startsWith("t3"));
const sizes = [[[1, 1], 55], [[2, 4], 30], [[5, 10], 12], [[11, 20], 3]] as const;
const kinds = [["plain", 90], ["spread", 3], ["partition", 3], ["cluster", 2], ["dedicated", 2]] as const;

export function drawLaunch(random: Random, place: { readonly accounts: readonly string[]; readonly zones: readonly string[]; readonly region: string; readonly imageId: string }, number: number): DrawnLaunch {
  const account = place.accounts[number % place.accounts.length] ?? "";
  const kind = choose(random, kinds);
  const [least, most] = choose<readonly [number, number]>(random, sizes);
  const count = kind === "spread" ? between(random, 2, 7) : between(random, least, most);
  const zone = choose(random, [...place.zones.map((each) => [each, 1] as const), [undefined, place.zones.length] as const]);
  const group = kind === "plain" || kind === "dedicated" ? undefined : toGroup(kind, account, place.region, number);
  const input: RunInstancesCommandInput = {
    ImageId: place.imageId,
    InstanceType: choose<(typeof types)[number][0]>(random, kind === "cluster" ? clusterTypes : types),
    MinCount: count,
    MaxCount: count,
    Placement: {
      ...(zone === undefined ? {} : { AvailabilityZone: zone }),
      ...(group === undefined ? {} : { GroupName: group.name }),
      ...(kind === "dedicated" ? { Tenancy: "dedicated" as const } : {}),
    },
  };
  return { account, input, group };
}

function toGroup(strategy: GroupPlan["strategy"], account: string, region: string, number: number): GroupPlan {
  const columns = { partition_count: strategy === "partition" ? 3 : null, spread_level: strategy === "spread" ? ("rack" as const) : null };
  return { account, region, name: `${strategy}-${number}`, strategy, ...columns };
}
