/** One guest of an installation under test: launched with a key, spoken to over SSH. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  CreateKeyPairCommand,
  DescribeInstancesCommand,
  RunInstancesCommand,
  type Instance,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { imageNameOf, stableId } from "../../src/compute/image-registration.ts";
import { eventually, type TestInstallation } from "./installation.ts";

const run = promisify(execFile);
const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=2", "ServerAliveInterval=2", "ServerAliveCountMax=2", "LogLevel=ERROR"].flatMap((option) => ["-o", option]);

export interface GuestKey {
  readonly name: string;
  readonly file: string;
}

export async function createKey({ ec2, dataDirectory }: TestInstallation, name: string): Promise<GuestKey> {
  const { KeyMaterial: material = "" } = await ec2.send(new CreateKeyPairCommand({ KeyName: name, KeyType: "ed25519" }));
  const file = join(dataDirectory, `${name}.pem`);
  await writeFile(file, material, { mode: 0o600 });
  return { name, file };
}

export function imageId(name: string, virtualization: "hvm" | "paravirtual", root: "ebs" | "instance-store" = "ebs"): string {
  return stableId("image", imageNameOf({ name, architecture: "x86_64" }, virtualization, root));
}

export async function launch({ ec2 }: TestInstallation, request: Partial<RunInstancesCommandInput>): Promise<string> {
  const { Instances: instances = [] } = await ec2.send(new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ...request }));
  return instances[0]?.InstanceId ?? "";
}

export async function describeInstance({ ec2 }: TestInstallation, id: string): Promise<Instance> {
  const { Reservations: reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const instance = reservations[0]?.Instances?.[0];
  if (instance === undefined) throw new Error(`${id} is not described`);
  return instance;
}

export async function untilState(installation: TestInstallation, id: string, state: string, limitMs?: number): Promise<Instance> {
  return eventually(
    `${id} to be ${state}`,
    async () => {
      const instance = await describeInstance(installation, id);
      return instance.State?.Name === state ? instance : undefined;
    },
    limitMs,
  );
}

/** Runs a command in the guest as `admin`, once: rejects when it cannot log in or the command fails. */
export async function ssh(installation: TestInstallation, key: GuestKey, id: string, command: string): Promise<string> {
  const { stdout } = await run("ssh", await loginTo(installation, key, id, command), { timeout: 30_000 });
  return stdout.trim();
}

/** What `ssh` is to be called with, for a command that the test talks with. */
export async function loginTo(installation: TestInstallation, key: GuestKey, id: string, command: string): Promise<readonly string[]> {
  const address = (await describeInstance(installation, id)).PublicIpAddress;
  if (address === undefined) throw new Error(`${id} has no public address`);
  return [...options, "-i", key.file, `admin@${address}`, command];
}

/** As `ssh`, again and again until it succeeds: for a guest that is still booting. */
export function untilSsh(installation: TestInstallation, key: GuestKey, id: string, command: string, limitMs?: number): Promise<string> {
  return eventually(`'${command}' in ${id}`, () => ssh(installation, key, id, command), limitMs);
}
