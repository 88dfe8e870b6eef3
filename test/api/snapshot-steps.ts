/** Steps that tests of snapshots begin with. */
import { launchOne } from "./launch-one.ts";
import { storedSnapshots, type StaffedServer } from "./simulated-hosts.ts";
import { otherAccount, type TestServer } from "./test-server.ts";

/** An instance that runs, with a volume of its own at /dev/sdf besides its root. */
export async function launchTwoVolumes(server: TestServer) {
  await server.ec2(otherAccount).describeRegions(); // whoever calls for the first time gets a network
  const { instance } = await launchOne(server, { BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 3, VolumeType: "gp3" } }] });
  await server.reportRunning(instance);
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ InstanceIds: [instance] });
  const [root = "", data = ""] = (reservation?.Instances?.[0]?.BlockDeviceMappings ?? []).map((mapping) => mapping.Ebs?.VolumeId ?? "");
  return { instance, root, data };
}

export async function snapshotOf(server: TestServer, volume: string): Promise<string> {
  return (await server.ec2().createSnapshot({ VolumeId: volume })).SnapshotId ?? "";
}

export async function completedSnapshot(server: StaffedServer): Promise<string> {
  const { root } = await launchTwoVolumes(server);
  const id = await snapshotOf(server, root);
  await server.hosts.settleSnapshots(storedSnapshots);
  return id;
}

export async function describeOne(server: TestServer, id: string, accessKeyId?: string) {
  const { Snapshots: [snapshot] = [] } = await server.ec2(accessKeyId).describeSnapshots({ SnapshotIds: [id] });
  return snapshot;
}
