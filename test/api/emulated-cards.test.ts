/** Instances whose interfaces are cards that the hypervisor plays: from launch to the host's specification, and who cannot have them. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import type { MachineSpecification } from "../../src/host/protocol/specification.ts";
import { launchOne } from "./launch-one.ts";
import { expectRefusals } from "./refusals.ts";
import { paravirtualImage } from "./seed.ts";
import { openStaffedServer, type StaffedServer } from "./simulated-hosts.ts";

function wish(more: Partial<RunInstancesCommandInput> = {}): Partial<RunInstancesCommandInput> {
  return { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "hostelry:networking", Value: "e1000" }] }], ...more };
}

/** Of the interfaces of all machines, by the machine's id. */
async function cardsOf(server: StaffedServer): Promise<Readonly<Record<string, readonly (true | undefined)[]>>> {
  const rows = await server.read((tx) => tx.db.selectFrom("specifications").select(["id", "body"]).where("kind", "=", "machine").execute());
  return Object.fromEntries(rows.map(({ id, body }) => [id, (JSON.parse(body) as MachineSpecification).interfaces.map((nic) => nic.emulatedCard)])); // our own column
}

test("An instance has emulated cards for the interfaces that it begins with and for those that are plugged in, and has them again when it starts anew, whatever became of the tag", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { instance, subnetId } = await launchOne(server, wish());
  const { instance: other } = await launchOne(server);
  await server.hosts.settle();
  expect(await cardsOf(server)).toEqual({ [instance]: [true], [other]: [undefined] });
  const NetworkInterfaceId = (await ec2.createNetworkInterface({ SubnetId: subnetId })).NetworkInterface?.NetworkInterfaceId ?? "";
  await ec2.attachNetworkInterface({ InstanceId: instance, NetworkInterfaceId, DeviceIndex: 1 });
  await server.hosts.settle();
  expect(await cardsOf(server)).toMatchObject({ [instance]: [true, true] });
  await ec2.deleteTags({ Resources: [instance] });
  await ec2.stopInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  await ec2.startInstances({ InstanceIds: [instance] });
  await server.hosts.settle();
  expect(await cardsOf(server)).toMatchObject({ [instance]: [true, true] });
  await expectRefusals(server, [[() => launchOne(server, wish({ ImageId: paravirtualImage, InstanceType: "t1.micro" })), "InvalidParameterCombination"]]);
});
