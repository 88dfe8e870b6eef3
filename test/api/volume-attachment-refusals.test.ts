/** Attachments and detachments that cannot be: each refused with EC2's own code, and no row changed. */
import type { AttachVolumeCommandInput } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { codeOf, otherAccount, refusal } from "./test-server.ts";
import { createVolume, openPair } from "./volume-pair.ts";

describe("AttachVolume", () => {
  test("refuses what cannot be with EC2's code, and changes nothing", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, volume, data } = pair;
    const [far, shared] = [await createVolume(server, { AvailabilityZone: "us-east-1b" }), await createVolume(server, { Size: 4, VolumeType: "io1", Iops: 100, MultiAttachEnabled: true })];
    const { instance: xen } = await launchOne(server, { InstanceType: "m3.medium", Placement: { AvailabilityZone: "us-east-1a" } });
    await hosts.settle();
    const { instance: pending } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
    const creating = await createVolume(server);
    const good = { VolumeId: data, InstanceId: instance, Device: "/dev/sdf" };
    const refused: readonly [what: string, input: AttachVolumeCommandInput, code: string][] = [
      ["no device", { ...good, Device: "" }, "MissingParameter"],
      ["no volume", { ...good, VolumeId: undefined }, "MissingParameter"],
      ["a volume's id that is none", { ...good, VolumeId: "disk" }, "InvalidVolumeID.Malformed"],
      ["an unknown volume", { ...good, VolumeId: "vol-0123456789abcdef0" }, "InvalidVolume.NotFound"],
      ["an instance's id that is none", { ...good, InstanceId: "me" }, "InvalidInstanceID.Malformed"],
      ["an unknown instance", { ...good, InstanceId: "i-0123456789abcdef0" }, "InvalidInstanceID.NotFound"],
      ["another zone's volume", { ...good, VolumeId: far }, "InvalidVolume.ZoneMismatch"],
      ["a volume in use", { ...good, VolumeId: volume }, "VolumeInUse"],
      ["a volume that is being made", { ...good, VolumeId: creating }, "IncorrectState"],
      ["an instance that does not run yet", { ...good, InstanceId: pending }, "IncorrectInstanceState"],
      ["a shared volume to a Xen instance", { ...good, VolumeId: shared, InstanceId: xen }, "UnsupportedOperation"],
      ["a device that is none", { ...good, Device: "C:" }, "InvalidParameterValue"],
      ["a partition", { ...good, Device: "/dev/sdf1" }, "InvalidParameterValue"],
      ["the root's device", { ...good, Device: "/dev/xvda" }, "InvalidParameterValue"],
      ["the root's device by another name", { ...good, Device: "/dev/sda" }, "InvalidParameterValue"],
      ["only a dry run", { ...good, DryRun: true }, "DryRunOperation"],
    ];
    await server.ec2(otherAccount).describeVpcs({});
    const before = await server.dump();
    const codes: Record<string, string> = {};
    for (const [what, input] of refused) codes[what] = await codeOf(server.ec2().attachVolume(input));
    expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
    expect(await codeOf(server.ec2(otherAccount).attachVolume(good))).toBe("InvalidVolume.NotFound");
    expect(await server.dump()).toBe(before);
  });

  test("says what is wrong in EC2's own words", async () => {
    await using pair = await openPair();
    const { server, instance, volume, data } = pair;
    const far = await createVolume(server, { AvailabilityZone: "us-east-1b" });
    const messageOf = async (input: object) => (await refusal(server.ec2().attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf", ...input }))).message;
    expect([await messageOf({ VolumeId: far }), await messageOf({ VolumeId: volume }), await messageOf({ Device: "/dev/xvda" }), await messageOf({ Device: "disk" })]).toEqual([
      `The volume '${far}' is not in the same availability zone as instance '${instance}'`,
      `${volume} is already attached to an instance`,
      "Invalid value '/dev/xvda' for unixDevice. Attachment point /dev/xvda is already in use",
      "Value (disk) for parameter device is invalid. disk is not a valid EBS device name.",
    ]);
  });

  test("refuses more volumes than the type takes", async () => {
    await using pair = await openPair();
    const { server, hosts, instance } = pair;
    await server.ec2().stopInstances({ InstanceIds: [instance] });
    await hosts.settle();
    const letters = "bcdefghijklmnopqrstuvwxyz".split("").map((letter) => `/dev/sd${letter}`);
    const codes: string[] = [];
    for (const Device of [...letters, "/dev/xvdaa", "/dev/xvdab"]) {
      const VolumeId = await createVolume(server);
      await server.write((tx) => tx.db.updateTable("volumes").set({ observed_state: "available" }).execute());
      codes.push(await server.ec2().attachVolume({ VolumeId, InstanceId: instance, Device }).then(({ State: state }) => String(state), (thrown: Error) => thrown.name));
    }
    expect(codes.filter((code) => code === "attaching")).toHaveLength(26); // 27 with the root volume
    expect(codes.at(-1)).toBe("AttachmentLimitExceeded");
  });
});

describe("DetachVolume", () => {
  test("refuses what is not attached, or not there, or another's, and changes nothing", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    const free = await createVolume(server);
    await server.ec2().attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    const { instance: other } = await launchOne(server);
    await hosts.settle();
    await server.ec2(otherAccount).describeVpcs({});
    const before = await server.dump();
    const codes: Record<string, string> = {};
    const refused: readonly [what: string, input: object, code: string][] = [
      ["no volume", {}, "MissingParameter"],
      ["a free volume", { VolumeId: free }, "IncorrectState"],
      ["an unknown volume", { VolumeId: "vol-0123456789abcdef0" }, "InvalidVolume.NotFound"],
      ["an unknown instance", { VolumeId: data, InstanceId: "i-0123456789abcdef0" }, "InvalidInstanceID.NotFound"],
      ["another instance", { VolumeId: data, InstanceId: other }, "InvalidAttachment.NotFound"],
      ["another device", { VolumeId: data, Device: "/dev/sdg" }, "InvalidAttachment.NotFound"],
      ["only a dry run", { VolumeId: data, DryRun: true }, "DryRunOperation"],
    ];
    for (const [what, input] of refused) codes[what] = await codeOf(server.ec2().detachVolume(input as { VolumeId: string })); // wrong on purpose
    expect(codes).toEqual(Object.fromEntries(refused.map(([what, , code]) => [what, code])));
    expect(await codeOf(server.ec2(otherAccount).detachVolume({ VolumeId: data }))).toBe("InvalidVolume.NotFound");
    expect(await server.dump()).toBe(before);
  });
});
