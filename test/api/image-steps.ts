/** Steps that tests of images begin with. */
import type { CreateImageCommandInput } from "@aws-sdk/client-ec2";
import { launchOne } from "./launch-one.ts";
import { storedSnapshots, type StaffedServer } from "./simulated-hosts.ts";
import { otherAccount, type TestServer } from "./test-server.ts";

export const dataDisk = { DeviceName: "/dev/sdf", Ebs: { VolumeSize: 3, VolumeType: "gp2", DeleteOnTermination: false } } as const;

/** A running instance with a data volume, which has been reported by its hosts. */
export async function launchRunning(server: StaffedServer, input: object = {}): Promise<string> {
  await server.ec2(otherAccount).describeRegions(); // whoever calls for the first time gets a network
  const { instance } = await launchOne(server, { BlockDeviceMappings: [dataDisk], ...input });
  await server.hosts.settleSnapshots(storedSnapshots);
  await server.hosts.settleWithout("storage");
  return instance;
}

export async function imageOf(server: TestServer, id: string, accessKeyId?: string) {
  const { Images: [image] = [] } = await server.ec2(accessKeyId).describeImages({ ImageIds: [id] });
  return image;
}

export async function stateOf(server: TestServer, instance: string): Promise<string | undefined> {
  const { Reservations: [reservation] = [] } = await server.ec2().describeInstances({ InstanceIds: [instance] });
  return reservation?.Instances?.[0]?.State?.Name;
}

export async function runOf(server: TestServer, instance: string) {
  const row = await server.read((tx) => tx.db.selectFrom("instances").select(["run", "host_id", "observed_state", "image_task"]).where("id", "=", instance as `i-${string}`).executeTakeFirstOrThrow());
  return [row.run, row.host_id, row.observed_state, row.image_task];
}

/** A completed snapshot of 8 GiB, and an image made without rebooting. */
export async function madeImage(server: StaffedServer, input: Partial<CreateImageCommandInput> = {}): Promise<{ image: string; snapshot: string; instance: string }> {
  const instance = await launchRunning(server);
  const { ImageId: image = "" } = await server.ec2().createImage({ InstanceId: instance, Name: "made", NoReboot: true, ...input });
  await server.hosts.settleSnapshots(storedSnapshots);
  const shown = await imageOf(server, image);
  return { image, instance, snapshot: shown?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? "" };
}
