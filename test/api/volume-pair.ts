/** One instance and one volume to try attachments with. */
import type { CreateVolumeCommandInput } from "@aws-sdk/client-ec2";
import { launchOne, type Launched } from "./launch-one.ts";
import { simulateHosts, type SimulatedHosts } from "./simulated-hosts.ts";
import { openTestServer, type TestServer } from "./test-server.ts";

/** An instance in the first zone, which runs, and a volume there that is ready. */
export interface Pair extends Launched {
  readonly server: TestServer;
  readonly hosts: SimulatedHosts;
  readonly data: string;
}

export async function openPair(input: Partial<CreateVolumeCommandInput> = {}): Promise<Pair & AsyncDisposable> {
  const server = await openTestServer();
  const hosts = simulateHosts(server);
  const launched = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1a" } });
  const data = await createVolume(server, input);
  await hosts.settle();
  return { ...launched, server, hosts, data, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

export async function createVolume(server: TestServer, input: Partial<CreateVolumeCommandInput> = {}): Promise<string> {
  const { VolumeId = "" } = await server.ec2().createVolume({ Size: 1, AvailabilityZone: "us-east-1a", ...input });
  return VolumeId;
}
