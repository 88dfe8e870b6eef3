/** Changes of volumes: from the call over what the storage node says to what the guest gets. */
import type { CreateVolumeCommandInput, ModifyVolumeCommandInput } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { codeOf, openTestServer, otherAccount, type TestServer } from "./test-server.ts";

async function createVolume(server: TestServer, input: Partial<CreateVolumeCommandInput> = {}): Promise<string> {
  const { VolumeId = "" } = await server.ec2().createVolume({ Size: 10, AvailabilityZone: "us-east-1a", ...input });
  await server.write((tx) => tx.db.updateTable("volumes").set({ observed_state: "available" }).execute());
  return VolumeId;
}

/** What a modification asks of a volume, and the figures that it aims at. */
const targets: readonly [volume: Partial<CreateVolumeCommandInput>, change: Omit<ModifyVolumeCommandInput, "VolumeId">, target: readonly unknown[]][] = [
  [{}, { Size: 20 }, ["gp2", 20, 100, undefined]],
  [{ Size: 100 }, { Size: 200 }, ["gp2", 200, 600, undefined]],
  [{}, { VolumeType: "gp3" }, ["gp3", 10, 3000, 128]],
  [{ Size: 2000 }, { VolumeType: "gp3" }, ["gp3", 2000, 6000, 250]],
  [{}, { VolumeType: "gp3", Throughput: 500 }, ["gp3", 10, 3000, 500]],
  [{ VolumeType: "gp3", Iops: 4000, Throughput: 300 }, { Size: 20 }, ["gp3", 20, 4000, 300]],
  [{ VolumeType: "gp3" }, { Iops: 5000 }, ["gp3", 10, 5000, 125]],
  [{ VolumeType: "gp3" }, { VolumeType: "gp2" }, ["gp2", 10, 100, undefined]],
  [{ VolumeType: "io1", Iops: 500 }, { Iops: 100 }, ["io1", 10, 100, undefined]],
  [{ VolumeType: "io1", Iops: 500 }, { VolumeType: "io2" }, ["io2", 10, 3000, undefined]],
  [{ Size: 125 }, { VolumeType: "st1" }, ["st1", 125, undefined, undefined]],
];

describe("ModifyVolume", () => {
  test("keeps what is not said, and gives another type its own defaults", async () => {
    await using server = await openTestServer();
    const aimed: unknown[][] = [];
    for (const [volume, change] of targets) {
      const VolumeId = await createVolume(server, volume);
      const { VolumeModification: answer } = await server.ec2().modifyVolume({ VolumeId, ...change });
      aimed.push([answer?.TargetVolumeType, answer?.TargetSize, answer?.TargetIops, answer?.TargetThroughput]);
    }
    expect(aimed).toEqual(targets.map(([, , target]) => target));
  });

  test("is modifying until the storage node has done it; the guest of a running instance then gets the new size", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const ec2 = server.ec2();
    const { instance, volume: VolumeId } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
    await hosts.settle();
    const newest = async () => (await ec2.describeVolumesModifications({ VolumeIds: [VolumeId] })).VolumesModifications?.[0];
    const guestSize = () => {
      const specifications = [...hosts.byId.values()].flatMap((host) => host.held.get(instance)?.specification ?? []);
      return specifications.flatMap((each) => (each.kind === "machine" ? each.disks.map((disk) => disk.sizeGib) : []));
    };
    const figures = {
      VolumeId,
      OriginalSize: 8, OriginalVolumeType: "gp3", OriginalIops: 3000, OriginalThroughput: 125, OriginalMultiAttachEnabled: false,
      TargetSize: 16, TargetVolumeType: "gp3", TargetIops: 4000, TargetThroughput: 125, TargetMultiAttachEnabled: false,
      StartTime: expect.any(Date),
    };
    const { VolumeModification: answer } = await ec2.modifyVolume({ VolumeId, Size: 16, Iops: 4000 });
    expect(answer).toEqual({ ...figures, ModificationState: "modifying", Progress: 0 });
    await hosts.settleWithout("storage");
    expect([await newest(), guestSize()]).toEqual([{ ...figures, ModificationState: "modifying", Progress: 0 }, [8]]);
    await hosts.settle();
    expect([await newest(), guestSize()]).toEqual([{ ...figures, ModificationState: "completed", Progress: 100, EndTime: expect.any(Date) }, [16]]);
    const specification = hosts.byId.get("storage-a")?.held.get(VolumeId)?.specification;
    expect(specification).toMatchObject({ sizeGib: 16, limits: { iops: { base: 4000 } } });
  });

  test("is optimizing while the volume fetches what it began as", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const VolumeId = await createVolume(server);
    await hosts.settle();
    const storage = hosts.byId.get("storage-a");
    const newest = async () => (await server.ec2().describeVolumesModifications({ VolumeIds: [VolumeId] })).VolumesModifications?.[0];
    storage?.initialize(40);
    await server.ec2().modifyVolume({ VolumeId, Size: 11 });
    await hosts.settle();
    expect([await newest(), await codeOf(server.ec2().modifyVolume({ VolumeId, Size: 12 }))]).toMatchObject([{ ModificationState: "optimizing", Progress: 40 }, "IncorrectModificationState"]);
    storage?.initialize(undefined);
    await hosts.settle();
    expect(await newest()).toMatchObject({ ModificationState: "completed", Progress: 100 });
  });

  test("that the storage node cannot do has failed, and the volume is wanted as it was", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const VolumeId = await createVolume(server);
    await hosts.settle();
    await server.ec2().modifyVolume({ VolumeId, Size: 11, VolumeType: "gp3" });
    hosts.byId.get("storage-a")?.failVolumes("There is no room");
    await hosts.settle();
    hosts.byId.get("storage-a")?.failVolumes(undefined);
    await hosts.settle();
    const { VolumesModifications: [change] = [] } = await server.ec2().describeVolumesModifications({ Filters: [{ Name: "modification-state", Values: ["failed"] }] });
    expect(change).toMatchObject({ VolumeId, ModificationState: "failed", StatusMessage: "There is no room" });
    expect((await server.ec2().describeVolumes({})).Volumes).toMatchObject([{ State: "available", Size: 10, VolumeType: "gp2" }]);
  });

  test("begins at most four times in a day, and one at a time", async () => {
    await using server = await openTestServer();
    const hosts = simulateHosts(server);
    const VolumeId = await createVolume(server);
    await hosts.settle();
    for (const Size of [11, 12, 13, 14]) {
      await server.ec2().modifyVolume({ VolumeId, Size });
      expect(await codeOf(server.ec2().modifyVolume({ VolumeId, Size: 20 }))).toBe("IncorrectModificationState");
      await hosts.settle();
    }
    expect(await codeOf(server.ec2().modifyVolume({ VolumeId, Size: 15 }))).toBe("VolumeModificationRateExceeded");
    await server.write((tx) => tx.db.updateTable("volume_modifications").set(({ eb }) => ({ started_at: eb("started_at", "-", 86_400_000) })).where("target_size_gib", "=", 11).execute());
    await server.ec2().modifyVolume({ VolumeId, Size: 15 });
    const { VolumesModifications: all } = await server.ec2().describeVolumesModifications({});
    expect(all?.map((change) => change.TargetSize)).toEqual([15]);
  });

  test("refuses what cannot be with EC2's code, and changes nothing", async () => {
    await using server = await openTestServer();
    const gp2 = await createVolume(server);
    const io1 = await createVolume(server, { VolumeType: "io1", Iops: 100 });
    const shared = await createVolume(server, { VolumeType: "io1", Iops: 100, MultiAttachEnabled: true });
    const { volume: root } = await launchOne(server, { BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 125 } }] });
    await server.write((tx) => tx.db.updateTable("volumes").set({ observed_state: "available" }).execute());
    const { VolumeId: creating } = await server.ec2().createVolume({ Size: 1, AvailabilityZone: "us-east-1a" });
    const refused: readonly [what: string, input: ModifyVolumeCommandInput, code: string][] = [
      ["nothing", { VolumeId: gp2 }, "MissingParameter"],
      ["a smaller size", { VolumeId: gp2, Size: 9 }, "InvalidParameterValue"],
      ["a size that the type does not have", { VolumeId: gp2, Size: 20_000 }, "InvalidParameterValue"],
      ["IOPS of gp2", { VolumeId: gp2, Iops: 3000 }, "InvalidParameterCombination"],
      ["throughput of io1", { VolumeId: io1, Throughput: 200 }, "InvalidParameterCombination"],
      ["too many IOPS", { VolumeId: io1, Iops: 501 }, "InvalidParameterValue"],
      ["an unknown type", { VolumeId: gp2, VolumeType: "gp9" as "gp3" }, "UnknownVolumeType"],
      ["a root volume to a type that does not boot", { VolumeId: root, VolumeType: "st1" }, "BootForVolumeTypeUnsupported"],
      ["multi-attach for gp2", { VolumeId: gp2, MultiAttachEnabled: true }, "InvalidParameterCombination"],
      ["multi-attach for an io1 that has it not", { VolumeId: io1, MultiAttachEnabled: true }, "InvalidParameterCombination"],
      ["a shared volume to a type that cannot be", { VolumeId: shared, VolumeType: "gp3" }, "InvalidParameterCombination"],
      ["a volume that is being made", { VolumeId: creating, Size: 2 }, "IncorrectState"],
      ["an unknown volume", { VolumeId: "vol-0123456789abcdef0", Size: 2 }, "InvalidVolume.NotFound"],
      ["only a dry run", { VolumeId: gp2, Size: 11, DryRun: true }, "DryRunOperation"],
    ];
    await server.ec2(otherAccount).describeVpcs({});
    const before = await server.dump();
    const codes: Record<string, string> = {};
    for (const [what, input] of refused) codes[what] = await codeOf(server.ec2().modifyVolume(input));
    expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
    expect(await codeOf(server.ec2(otherAccount).modifyVolume({ VolumeId: gp2, Size: 11 }))).toBe("InvalidVolume.NotFound");
    expect(await server.dump()).toBe(before);
  });
});

describe("DescribeVolumesModifications", () => {
  test("knows only volumes that were changed, the caller's own", async () => {
    await using server = await openTestServer();
    const [changed, unchanged] = [await createVolume(server), await createVolume(server)];
    await server.ec2().modifyVolume({ VolumeId: changed, Size: 11 });
    const { VolumesModifications: all } = await server.ec2().describeVolumesModifications({ MaxResults: 1 });
    expect(all?.map((change) => change.VolumeId)).toEqual([changed]);
    const ask = (VolumeId: string, account?: string) => codeOf(server.ec2(account).describeVolumesModifications({ VolumeIds: [VolumeId] }));
    expect([await ask(unchanged), await ask("vol-0123456789abcdef0"), await ask("x"), await ask(changed, otherAccount)]).toEqual([
      "InvalidVolumeModification.NotFound",
      "InvalidVolume.NotFound",
      "InvalidVolumeID.Malformed",
      "InvalidVolume.NotFound",
    ]);
    expect((await server.ec2(otherAccount).describeVolumesModifications({})).VolumesModifications).toEqual([]);
  });
});
