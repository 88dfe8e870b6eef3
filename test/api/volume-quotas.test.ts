import type { CreateVolumeCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { codeOf, openTestServer, otherAccount } from "./test-server.ts";

const zone = "us-east-1a";

test("An account's volumes of a type have room for so much storage and so many IOPS in a region, however they come to be", async () => {
  await using server = await openTestServer();
  const hosts = simulateHosts(server);
  const ec2 = server.ec2();
  const create = (input: Partial<CreateVolumeCommandInput>, client = ec2) => client.createVolume({ AvailabilityZone: zone, ...input });
  for (let count = 0; count < 3; count++) await create({ Size: 16_384 });
  const { VolumeId: small = "" } = await create({ Size: 1_990 });
  const { VolumeId: fast = "" } = await create({ Size: 100, VolumeType: "io2", Iops: 100_000 });
  await hosts.settle();
  await ec2.modifyVolume({ VolumeId: small, Size: 2_000 }); // what it has had counts no more
  await hosts.settle();
  const mapping = { DeviceName: "/dev/sdf", Ebs: { VolumeSize: 17, VolumeType: "gp2" as const } };
  const before = await server.dump();
  expect([
    await codeOf(create({ Size: 49 })),
    await codeOf(ec2.modifyVolume({ VolumeId: small, Size: 2_049 })),
    await codeOf(launchOne(server, { MinCount: 3, MaxCount: 3, BlockDeviceMappings: [mapping] })),
    await codeOf(create({ Size: 20_400, VolumeType: "io2", Iops: 100 })),
    await codeOf(create({ Size: 10, VolumeType: "io2", Iops: 100 })),
    await codeOf(ec2.modifyVolume({ VolumeId: small, VolumeType: "io2", Iops: 100 })),
  ]).toEqual(["VolumeLimitExceeded", "VolumeModificationSizeLimitExceeded", "VolumeLimitExceeded", "VolumeLimitExceeded", "MaxIOPSLimitExceeded", "VolumeIOPSLimit"]);
  expect(await server.dump()).toBe(before);
  await launchOne(server, { MinCount: 2, MaxCount: 2, BlockDeviceMappings: [mapping] });
  await create({ Size: 14 });
  await create({ Size: 49 }, server.ec2(otherAccount));

  // As of an installation that had more before there were quotas: it may become less.
  await server.write(async (tx) => {
    for (const table of ["volumes", "volume_sums"] as const) await tx.db.updateTable(table).set({ size_gib: 21_000 }).where("type", "=", "io2").execute();
  });
  await ec2.modifyVolume({ VolumeId: fast, Iops: 90_000 });
});
