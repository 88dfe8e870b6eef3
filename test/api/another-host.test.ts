/** A stopped instance that is started on another host of its zone: its volumes are there, and its local disks are new. */
import { expect, test } from "vitest";
import { launchOne } from "./launch-one.ts";
import { addHost } from "./seed.ts";
import { simulateHosts } from "./simulated-hosts.ts";
import { openTestServer } from "./test-server.ts";

test("An instance that starts again where there is room has its volumes there under new names, and nothing is left on the host that it was on", async () => {
  await using server = await openTestServer();
  await server.write((tx) => addHost(tx, "host-a2"));
  const hosts = simulateHosts(server, ["host-a2"]);
  const ec2 = server.ec2();
  const place = { Placement: { AvailabilityZone: "us-east-1a" }, InstanceType: "m5d.large" as const };
  const { instance, volume: root } = await launchOne(server, { ...place, BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 3 } }] });
  await hosts.settle();
  const holders = () => ["host-a", "host-a2"].filter((id) => hosts.byId.get(id)?.held.has(instance));
  const machine = () => {
    const specification = holders().map((id) => hosts.byId.get(id)?.held.get(instance)?.specification)[0];
    if (specification?.kind !== "machine") throw new Error("no host has the machine");
    return specification;
  };
  const exported = () => machine().disks.map(({ volume }) => hosts.byId.get("storage-a")?.held.get(volume)?.specification).map((each) => (each?.kind === "volume" ? each.exportNames : undefined));
  const before = machine();
  expect([holders(), before.disks.map(({ volume }) => volume)[0], before.instanceStoreGib]).toEqual([["host-a"], root, [75]]);

  await ec2.stopInstances({ InstanceIds: [instance] });
  await hosts.settle();
  expect(holders()).toEqual([]);
  await launchOne(server, place); // the emptiest host is taken: the one that the instance was on
  await hosts.settle();
  await ec2.startInstances({ InstanceIds: [instance] });
  await hosts.settle();
  const after = machine();
  expect([holders(), after.run, after.instanceStoreGib, after.keepInstanceStore]).toEqual([["host-a2"], 2, [75], undefined]);
  expect(after.disks.map(({ volume, device }) => [volume, device])).toEqual(before.disks.map(({ volume, device }) => [volume, device]));
  const names = after.disks.map(({ endpoint }) => endpoint.exportName);
  expect([exported(), names.some((name) => before.disks.some(({ endpoint }) => endpoint.exportName === name))]).toEqual([names.map((name) => [name]), false]);
  expect([...(hosts.byId.get("host-a2")?.held.get(instance)?.plugged.keys() ?? [])].toSorted()).toEqual(before.disks.map(({ volume }) => volume).toSorted());
});
