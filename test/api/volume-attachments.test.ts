/** Volumes and instances: attached, detached, forced, and what becomes of them when the instance stops or ends. */
import { describe, expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import type { SimulatedHosts } from "./simulated-hosts.ts";
import { codeOf, refusal, type TestServer } from "./test-server.ts";
import { createVolume, openPair } from "./volume-pair.ts";

/** The volume's state, and of each attachment the device and the state. */
async function show(server: TestServer, volume: string): Promise<unknown[]> {
  const { Volumes: [shown] = [] } = await server.ec2().describeVolumes({ VolumeIds: [volume] });
  return [shown?.State, ...(shown?.Attachments ?? []).map((each) => `${each.Device} ${each.State}`)];
}

async function devicesOf(server: TestServer, instance: string): Promise<string[]> {
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ InstanceIds: [instance] });
  return (reservation?.Instances?.[0]?.BlockDeviceMappings ?? []).map((each) => `${each.DeviceName} ${each.Ebs?.Status}`);
}

/** What the guest of a running instance has, by the volumes' ids. */
function pluggedInto(hosts: SimulatedHosts, instance: string): string[] {
  return [...hosts.byId.values()].flatMap((host) => [...(host.held.get(instance)?.plugged.keys() ?? [])]);
}

/** How many exports the storage node has for the volume. */
function exportsOf(hosts: SimulatedHosts, volume: string): number {
  const specification = hosts.byId.get("storage-a")?.held.get(volume)?.specification;
  return specification?.kind === "volume" ? specification.exportNames.length : 0;
}

describe("A volume of a running instance", () => {
  test("is attaching until the host says that the guest has it, and detaching until the guest has given it back", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    const ec2 = server.ec2();
    const answer = await ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    expect(answer).toEqual({
      $metadata: expect.anything(),
      VolumeId: data,
      InstanceId: instance,
      Device: "/dev/sdf",
      State: "attaching",
      AttachTime: expect.any(Date),
      DeleteOnTermination: false,
    });
    expect([await show(server, data), await devicesOf(server, instance)]).toEqual([["in-use", "/dev/sdf attaching"], ["/dev/xvda attached", "/dev/sdf attaching"]]);
    await hosts.settle();
    expect([await show(server, data), pluggedInto(hosts, instance).includes(data), exportsOf(hosts, data)]).toEqual([["in-use", "/dev/sdf attached"], true, 1]);
    expect((await ec2.detachVolume({ VolumeId: data })).State).toBe("detaching");
    expect([await show(server, data), await devicesOf(server, instance)]).toEqual([["in-use", "/dev/sdf detaching"], ["/dev/xvda attached", "/dev/sdf detaching"]]);
    await hosts.settle();
    expect([await show(server, data), pluggedInto(hosts, instance).includes(data), exportsOf(hosts, data)]).toEqual([["available"], false, 0]);
  });

  test("is busy while the guest does not give it back, and force ends that at its storage node", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    const ec2 = server.ec2();
    await ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await hosts.settle();
    for (const host of hosts.byId.values()) host.holdVolumes();
    await ec2.detachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await hosts.settle();
    expect([await show(server, data), exportsOf(hosts, data), await devicesOf(server, instance)]).toEqual([["in-use", "/dev/sdf busy"], 1, ["/dev/xvda attached", "/dev/sdf detaching"]]);
    expect(await codeOf(ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdg" }))).toBe("VolumeInUse");
    await ec2.detachVolume({ VolumeId: data, Force: true });
    await hosts.settleWithout("storage");
    expect(await show(server, data)).toEqual(["in-use", "/dev/sdf busy"]);
    await hosts.settle();
    expect([await show(server, data), exportsOf(hosts, data)]).toEqual([["available"], 0]);
  });

  test("that its host may just be giving to the guest is not free before the host has heard that it should not", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    await server.ec2().attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await hosts.settleWithout("host", "storage");
    await server.ec2().detachVolume({ VolumeId: data });
    await hosts.settleWithout("host", "storage");
    expect(await show(server, data)).toEqual(["in-use", "/dev/sdf detaching"]);
    await hosts.settle();
    expect(await show(server, data)).toEqual(["available"]);
  });

  test("that was asked for and taken away again at once was never there", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    await server.ec2().attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await server.ec2().detachVolume({ VolumeId: data });
    await hosts.settle();
    expect([await show(server, data), pluggedInto(hosts, instance).includes(data)]).toEqual([["available"], false]);
  });

  test("stays attached over a stop and a start, and its metadata names it only from the start on", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    const ec2 = server.ec2();
    const blockDevices = () => {
      const specifications = [...hosts.byId.values()].flatMap((host) => host.held.get(instance)?.specification ?? []);
      return specifications.map((each) => (each.kind === "machine" ? each.metadata.blockDevices : {}));
    };
    await ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await hosts.settle();
    expect(blockDevices()).toEqual([{ ami: "/dev/xvda", root: "/dev/xvda" }]);
    await ec2.stopInstances({ InstanceIds: [instance] });
    await hosts.settle();
    expect(await show(server, data)).toEqual(["in-use", "/dev/sdf attached"]);
    await ec2.startInstances({ InstanceIds: [instance] });
    expect(await show(server, data)).toEqual(["in-use", "/dev/sdf attaching"]);
    await hosts.settle();
    expect([await show(server, data), pluggedInto(hosts, instance).includes(data)]).toEqual([["in-use", "/dev/sdf attached"], true]);
    expect(blockDevices()).toEqual([{ ami: "/dev/xvda", root: "/dev/xvda", ebs1: "/dev/sdf" }]);
  });

  test("that was being taken away is free when the instance stops before its guest obeyed", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data } = pair;
    const ec2 = server.ec2();
    await ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await hosts.settle();
    for (const host of hosts.byId.values()) host.holdVolumes();
    await ec2.detachVolume({ VolumeId: data });
    await hosts.settle();
    await ec2.stopInstances({ InstanceIds: [instance] });
    await hosts.settle();
    expect([await show(server, data), exportsOf(hosts, data)]).toEqual([["available"], 0]);
  });

  test("outlives its instance, unless that was changed", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, data, volume } = pair;
    const ec2 = server.ec2();
    const doomed = await createVolume(server);
    await hosts.settle();
    await ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" });
    await ec2.attachVolume({ VolumeId: doomed, InstanceId: instance, Device: "/dev/sdg" });
    const wrong = { InstanceId: instance, BlockDeviceMappings: [{ DeviceName: "/dev/sdg", Ebs: { VolumeId: data, DeleteOnTermination: true } }] };
    expect(await codeOf(ec2.modifyInstanceAttribute(wrong))).toBe("InvalidInstanceAttributeValue");
    await ec2.modifyInstanceAttribute({ InstanceId: instance, BlockDeviceMappings: [{ DeviceName: "/dev/sdg", Ebs: { VolumeId: doomed, DeleteOnTermination: true } }] });
    await ec2.terminateInstances({ InstanceIds: [instance] });
    await hosts.settle();
    expect([await show(server, data), await codeOf(show(server, doomed)), await codeOf(show(server, volume))]).toEqual([["available"], "InvalidVolume.NotFound", "InvalidVolume.NotFound"]);
  });
});

describe("A volume of a stopped instance", () => {
  test("is attached and detached at once, its root volume too, and without that the instance does not start", async () => {
    await using pair = await openPair();
    const { server, hosts, instance, volume, data } = pair;
    const ec2 = server.ec2();
    await ec2.stopInstances({ InstanceIds: [instance] });
    await hosts.settle();
    expect((await ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdf" })).State).toBe("attaching");
    expect(await show(server, data)).toEqual(["in-use", "/dev/sdf attached"]);
    await ec2.detachVolume({ VolumeId: data });
    expect(await show(server, data)).toEqual(["available"]);
    await ec2.detachVolume({ VolumeId: volume });
    expect(await refusal(ec2.startInstances({ InstanceIds: [instance] }))).toEqual({
      code: "InvalidParameterValue",
      message: `Invalid value '${instance}' for instanceId. Instance does not have a volume attached at root (/dev/xvda)`,
      status: 400,
    });
    await ec2.attachVolume({ VolumeId: volume, InstanceId: instance, Device: "/dev/xvda" });
    await ec2.startInstances({ InstanceIds: [instance] });
    await hosts.settle();
    expect(await devicesOf(server, instance)).toEqual(["/dev/xvda attached"]);
    expect(await refusal(ec2.detachVolume({ VolumeId: volume }))).toEqual({ code: "OperationNotPermitted", message: `Unable to detach root volume '${volume}' from instance '${instance}'`, status: 400 });
  });
});

describe("A volume with multi-attach", () => {
  test("is held by several instances, and goes with the last of them that takes it along", async () => {
    await using pair = await openPair({ Size: 4, VolumeType: "io2", Iops: 100, MultiAttachEnabled: true });
    const { server, hosts, instance, data } = pair;
    const ec2 = server.ec2();
    const { instance: second } = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
    await hosts.settle();
    const attach = (InstanceId: string) => ec2.attachVolume({ VolumeId: data, InstanceId, Device: "/dev/sdf" });
    await attach(instance);
    expect(await codeOf(ec2.attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdg" }))).toBe("VolumeInUse");
    await attach(second);
    await hosts.settle();
    expect([await show(server, data), exportsOf(hosts, data)]).toEqual([["in-use", "/dev/sdf attached", "/dev/sdf attached"], 2]);
    expect([await codeOf(ec2.detachVolume({ VolumeId: data })), await codeOf(ec2.modifyVolume({ VolumeId: data, MultiAttachEnabled: false }))]).toEqual(["MissingParameter", "InvalidParameterCombination"]);
    for (const InstanceId of [instance, second]) {
      await ec2.modifyInstanceAttribute({ InstanceId, BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { DeleteOnTermination: true } }] });
    }
    await ec2.terminateInstances({ InstanceIds: [instance] });
    await hosts.settle();
    expect([await show(server, data), exportsOf(hosts, data)]).toEqual([["in-use", "/dev/sdf attached"], 1]);
    await ec2.terminateInstances({ InstanceIds: [second] });
    await hosts.settle();
    expect(await codeOf(show(server, data))).toBe("InvalidVolume.NotFound");
  });
});
