/** One call starts ten guests; every one of them lets its owner in, and nothing is left of them afterwards. */
import { DescribeInstancesCommand, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey, imageId, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";
import { nothing, remains } from "../installation/remains.ts";

const count = 10;
let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  key = await createKey(installation, "ten");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

test("ten guests of one call all let their owner in, each with an identity of its own, and leave nothing", async () => {
  const { ec2 } = installation;
  const request = { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small", KeyName: key.name, MinCount: count, MaxCount: count } as const;
  const { Instances: launched = [] } = await ec2.send(new RunInstancesCommand(request));
  const ids = launched.map(({ InstanceId: id = "" }) => id);
  const indexes = launched.map(({ AmiLaunchIndex: index }) => index).toSorted((a = 0, b = 0) => a - b);
  expect([ids.length, indexes]).toEqual([count, Array.from({ length: count }, (_, index) => index)]);

  const askedSelf = await Promise.all(ids.map((id) => untilSsh(installation, key, id, "curl -sf http://169.254.169.254/latest/meta-data/instance-id")));
  expect(askedSelf).toEqual(ids);
  const { Reservations: reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }));
  const described = reservations.flatMap(({ Instances: instances = [] }) => instances);
  expect([reservations.length, new Set(described.map(({ PublicIpAddress: address }) => address)).size]).toEqual([1, count]);

  await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  await Promise.all(ids.map((id) => untilState(installation, id, "terminated")));
  expect(await remains(installation, ids)).toEqual(nothing);
});
