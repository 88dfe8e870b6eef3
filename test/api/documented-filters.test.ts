/** The filters that the SDK's own documentation lists, tried on each Describe action: one that EC2 knows is never refused. */
import type { EC2 } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { readDocumentedFilters } from "./documented-filter-names.ts";
import { launchOne } from "./launch-one.ts";
import { openTestServer } from "./test-server.ts";

const actions = [
  "DescribeAddresses",
  "DescribeImages",
  "DescribeInstances",
  "DescribeInstanceStatus",
  "DescribeInstanceTypes",
  "DescribeNetworkInterfaces",
  "DescribeSecurityGroups",
  "DescribeSnapshots",
  "DescribeSubnets",
  "DescribeVolumes",
  "DescribeVolumesModifications",
  "DescribeVolumeStatus",
  "DescribeVpcs",
] as const;

/** Not there: searching for public parameters' images. No filters of today: `tag`, an older spelling, and the severities, which are listed like names. */
const left = ["public-ssm-parameter-name", "tag", "informational", "low", "medium", "high", "critical"];

test("every Describe action of instances, volumes, images and networks takes all filters that EC2 documents", async () => {
  const documented = await readDocumentedFilters(actions);
  await using server = await openTestServer();
  const answers: string[][] = [];
  for (const action of actions) {
    const known = (documented.get(action) ?? []).filter((name) => !left.includes(name));
    answers.push([action, known.length > 4 ? await answerTo(server.ec2(), action, known) : "nothing is documented"]);
  }
  expect(answers).toEqual(actions.map((action) => [action, "taken"]));
});

function answerTo(ec2: EC2, action: string, names: readonly string[]): Promise<string> {
  const describe: unknown = Reflect.get(ec2, `d${action.slice(1)}`);
  if (typeof describe !== "function") throw new Error(`the client has no ${action}`);
  const answer: Promise<unknown> = describe.call(ec2, { Filters: names.map((name) => ({ Name: name.replace(/<.*>/, "x"), Values: ["x"] })) });
  return answer.then(() => "taken", (error: Error) => error.message);
}

test("instances are found by what their views show of options and interfaces", async () => {
  await using server = await openTestServer();
  const ec2 = server.ec2();
  const { instance } = await launchOne(server, { MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 3 } });
  await launchOne(server, { EbsOptimized: true });
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  const [nic] = reservation?.Instances?.[0]?.NetworkInterfaces ?? [];
  const find = async (filters: Readonly<Record<string, string | undefined>>): Promise<(string | undefined)[]> => {
    const { Reservations = [] } = await ec2.describeInstances({ Filters: Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value ?? ""] })) });
    return Reservations.flatMap(({ Instances = [] }) => Instances.map((each) => each.InstanceId));
  };
  expect([
    await find({ "metadata-options.http-put-response-hop-limit": "3", "ebs-optimized": "false", "operator.managed": "false", "availability-zone-id": "use1-az*" }),
    await find({ "network-interface.mac-address": nic?.MacAddress }),
    await find({ "network-interface.attachment.attachment-id": nic?.Attachment?.AttachmentId, "network-interface.attachment.instance-id": instance, "network-interface.addresses.primary": "true" }),
    await find({ "spot-instance-request-id": "*" }),
  ]).toEqual([[instance], [instance], [instance], []]);
});
