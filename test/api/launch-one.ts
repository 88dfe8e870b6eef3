/** One instance to try things on. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { hvmImage } from "./seed.ts";
import type { TestServer } from "./test-server.ts";

export interface Launched {
  readonly instance: string;
  readonly volume: string;
  readonly networkInterface: string;
  readonly vpcId: string;
  readonly subnetId: string;
}

export async function launchOne(server: TestServer, input: Partial<RunInstancesCommandInput> = {}, accessKeyId?: string): Promise<Launched> {
  const ec2 = server.ec2(accessKeyId);
  const { Instances: [launched] = [] } = await ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1, ...input });
  return {
    instance: launched?.InstanceId ?? "",
    volume: launched?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? "",
    networkInterface: launched?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "",
    vpcId: launched?.VpcId ?? "",
    subnetId: launched?.SubnetId ?? "",
  };
}
