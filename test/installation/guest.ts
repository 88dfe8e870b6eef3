/** One guest of an installation under test: launched with a key, spoken to over SSH. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=8", "ServerAliveInterval=2", "LogLevel=ERROR"].flatMap((option) => ["-o", option]);

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

/** A key pair that nobody but the test has. */
export async function makeKey({ dataDirectory }: TestInstallation, name: string): Promise<GuestKey> {
  const file = join(dataDirectory, name);
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me@home", "-f", file]);
  return { name, file };
}

export function imageId(name: string, virtualization: "hvm" | "paravirtual", root: "ebs" | "instance-store" = "ebs", architecture: "x86_64" | "arm64" = "x86_64"): string {
  return stableId("image", imageNameOf({ name, architecture }, virtualization, root));
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

const ordinaryLimitMs = 60_000;

/** Runs a command in the guest as `admin`, once: rejects when it cannot log in or the command fails. */
export async function ssh(installation: TestInstallation, key: GuestKey, id: string, command: string, limitMs = ordinaryLimitMs): Promise<string> {
  const { stdout } = await run("ssh", await loginTo(installation, key, id, command, limitMs), { timeout: limitMs });
  return stdout.trim();
}

/**
 * What `ssh` is to be called with, for a command that the test talks with. A guest that says nothing for sixteen seconds is given up, since it may be gone; one that has
 * longer than usual for its command after a minute: with much to do on a busy machine it may stand still for so long.
 */
export async function loginTo(installation: TestInstallation, key: GuestKey, id: string, command: string, limitMs = ordinaryLimitMs): Promise<readonly string[]> {
  return [...options, "-o", `ServerAliveCountMax=${limitMs > ordinaryLimitMs ? 30 : 8}`, "-i", key.file, `admin@${await publicAddressOf(installation, id)}`, command];
}

async function publicAddressOf(installation: TestInstallation, id: string): Promise<string> {
  const { PublicIpAddress: address } = await describeInstance(installation, id);
  if (address === undefined) throw new Error(`${id} has no public address`);
  return address;
}

/** As `ssh`, again and again until it succeeds: for a guest that is still booting. */
export function untilSsh(installation: TestInstallation, key: GuestKey, id: string, command: string, limitMs?: number): Promise<string> {
  const greeted = async () => {
    await requireGreeting(await publicAddressOf(installation, id));
    return ssh(installation, key, id, command);
  };
  return eventually(`'${command}' in ${id}`, greeted, limitMs);
}

/**
 * Somebody speaks at the address's port for logins. A packet that comes before the guest does is lost, and its connection sends the next ones after longer and
 * longer pauses; so another connection is tried four times a second, for three seconds, and the first that is there has eight to be spoken to.
 */
async function requireGreeting(address: string): Promise<void> {
  const { promise: connected, resolve } = Promise.withResolvers<Socket>();
  const sockets: Socket[] = [];
  try {
    for (let tries = 0; tries < 12; tries++) {
      const socket = connect(22, address);
      sockets.push(socket);
      socket.once("connect", () => resolve(socket)).on("error", () => undefined); // the next one may do
      const first = await Promise.race([connected, sleep(250)]);
      if (first === undefined) continue;
      first.setTimeout(8_000, () => first.destroy());
      for await (const _greeting of first) return;
      break;
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  throw new Error(`nobody speaks at ${address}`);
}
