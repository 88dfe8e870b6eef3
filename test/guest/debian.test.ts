/** The whole Debian: built, and launched under both engines that every machine has. */
import { GetConsoleOutputCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey, describeInstance, imageId, launch, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

/** Of a boot by translation, on a machine that does other things too. */
const bootMs = 240_000;
let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  await installation.hostelry("image", "build", "debian-12");
  key = await createKey(installation, "debian");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const userData = Buffer.from("#!/bin/bash\necho \"ran as $(whoami)\" > /var/tmp/user-data\n").toString("base64");

test.each([
  { engine: "paravirtual", kind: "paravirtual", type: "m1.medium" },
  { engine: "emulated", kind: "hvm", type: "t3.small" },
] as const)("debian-12, $engine, runs its user data and lets its owner in, who may become root", async ({ engine, kind, type }) => {
  const tags = { ResourceType: "instance" as const, Tags: [{ Key: "hostelry:virtualization", Value: engine }] };
  const id = await launch(installation, { ImageId: imageId("debian-12", kind), InstanceType: type, KeyName: key.name, UserData: userData, TagSpecifications: [tags] });
  expect(await untilSsh(installation, key, id, "cat /var/tmp/user-data", bootMs)).toBe("ran as root");

  const { PrivateIpAddress: address = "" } = await describeInstance(installation, id);
  const answer = await ssh(installation, key, id, "sudo whoami; hostname; . /etc/os-release; echo $ID $VERSION_ID; cloud-init query platform; systemctl is-active ssh; ls /dev/disk/by-id | grep -c Amazon_Elastic_Block_Store_vol");
  expect(answer.split("\n")).toEqual(["root", `ip-${address.replaceAll(".", "-")}`, "debian 12", "ec2", "active", "2"]);
  expect(await console(id)).toMatch(/login:|cloud-init/i);

  await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }));
  await untilState(installation, id, "terminated");
}, 2 * bootMs);

function console(id: string): Promise<string> {
  return eventually("console output", async () => {
    const { Output: output = "" } = await installation.ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
    return output === "" ? undefined : Buffer.from(output, "base64").toString();
  });
}
