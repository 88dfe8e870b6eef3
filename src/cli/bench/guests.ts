/** Guests for benchmarks: launched through the public API like anybody's, spoken to over SSH, terminated at once afterwards, also when the run is interrupted. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import {
  CreateKeyPairCommand,
  DeleteKeyPairCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type Instance,
  waitUntilImageAvailable,
  type RunInstancesCommandInput,
  type RunInstancesCommandOutput,
} from "@aws-sdk/client-ec2";
import { imageNameOf, stableId } from "../../compute/image-registration.ts";
import { allowSsh } from "./allow-ssh.ts";
import { profileFile, type Profile } from "../profile.ts";

const run = promisify(execFile);
const sshOptions = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "-o", "LogLevel=ERROR"];
const limitMs = 300_000;
/** The largest image, with its packages to be downloaded. */
const imageLimitSeconds = 1_200;
const signals = ["SIGINT", "SIGTERM"] as const;
/** As of a process that the first of them ended. */
const interruptedStatus = 130;

export interface BenchGuests {
  readonly profile: Profile;
  readonly client: EC2Client;
  /** Returns the new guest's id; it is terminated at the end at the latest. */
  launch(request: Partial<RunInstancesCommandInput>): Promise<string>;
  /** What the command printed in the guest; rejects when it cannot log in or the command fails. */
  ssh(instance: string, command: string, timeoutMs?: number): Promise<string>;
  /** The lines that the command prints in the guest, as they come. */
  lines(instance: string, command: string): AsyncIterable<string>;
  /** A login with a terminal, to talk with. */
  login(instance: string): Promise<ChildProcessWithoutNullStreams>;
  /** As `ssh`, as soon as the guest listens for logins, and again until it succeeds. */
  untilSsh(instance: string, command: string): Promise<string>;
  terminate(instance: string): Promise<void>;
  /** What is done when all guests are gone, the last one first, whether it succeeds or not. */
  atEnd(undo: () => Promise<unknown>): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The id of an image that an installation brings along. */
export function imageOf(name: string, virtualization: "hvm" | "paravirtual"): string {
  return stableId("image", imageNameOf({ name, architecture: "x86_64" }, virtualization));
}

export async function openBenchGuests(dataDirectory: string): Promise<BenchGuests> {
  const profile = JSON.parse(readFileSync(profileFile(dataDirectory), "utf8")) as Profile; // our own process wrote it
  const client = new EC2Client({ endpoint: profile.url, region: profile.region, credentials: { accessKeyId: profile.accessKeyId, secretAccessKey: profile.secretAccessKey } });
  const directory = await mkdtemp(join(tmpdir(), "hostelry-bench-"));
  const keyName = `bench-${process.pid}`;
  const keyFile = join(directory, "key.pem");
  await allowSsh(client);
  const { KeyMaterial: material = "" } = await client.send(new CreateKeyPairCommand({ KeyName: keyName, KeyType: "ed25519" }));
  await writeFile(keyFile, material, { mode: 0o600 });
  const living = new Set<string>();
  const describe = async (id: string): Promise<Instance | undefined> => (await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0];
  const addressOf = async (id: string): Promise<string> => {
    let address: string | undefined;
    await untilTrue(`${id} to have a public address`, async () => (address = (await describe(id))?.PublicIpAddress) !== undefined);
    return address ?? "";
  };
  const ssh = async (id: string, command: string, timeoutMs = 60_000): Promise<string> => {
    const address = await addressOf(id);
    const { stdout } = await run("ssh", [...sshOptions, "-i", keyFile, `admin@${address}`, command], { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 });
    return stdout.trim();
  };
  const lines = async function* (id: string, command: string): AsyncIterable<string> {
    const child = spawn("ssh", [...sshOptions, "-i", keyFile, `admin@${await addressOf(id)}`, command], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      yield* createInterface({ input: child.stdout });
    } finally {
      child.kill();
    }
  };
  const terminate = async (id: string): Promise<void> => {
    await client.send(new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }));
    await untilTrue(`${id} to be gone`, async () => (await describe(id))?.State?.Name === "terminated");
    living.delete(id);
  };
  const undone: (() => Promise<unknown>)[] = [];
  const end = async (): Promise<void> => {
    await Promise.all([...living].map(terminate));
    for (let undo = undone.pop(); undo !== undefined; undo = undone.pop()) await undo().catch(() => undefined);
    await client.send(new DeleteKeyPairCommand({ KeyName: keyName }));
    client.destroy();
    await rm(directory, { recursive: true, force: true });
  };
  const interrupted = (): void => void end().finally(() => process.exit(interruptedStatus));
  for (const name of signals) process.once(name, interrupted);
  return {
    profile,
    client,
    launch: async (request) => {
      const asked = { MinCount: 1, MaxCount: 1, KeyName: keyName, ...request };
      const { Instances: [instance] = [] } = await launchWhenBuilt(client, asked);
      const id = instance?.InstanceId ?? "";
      living.add(id);
      return id;
    },
    ssh,
    lines,
    login: async (id) => spawn("ssh", [...sshOptions, "-tt", "-i", keyFile, `admin@${await addressOf(id)}`]),
    untilSsh: async (id, command) => {
      const address = await addressOf(id);
      await untilTrue(`${id} to listen for logins`, () => answers(address));
      let answer = "";
      await untilTrue(`'${command}' in ${id}`, () => ssh(id, command).then((text) => ((answer = text), true), () => false));
      return answer;
    },
    terminate,
    atEnd: (undo) => void undone.push(undo),
    async [Symbol.asyncDispose]() {
      for (const name of signals) process.off(name, interrupted);
      await end();
    },
  };
}

/** An image that is not built yet is built for the first launch that asks for it, which is refused until then. */
async function launchWhenBuilt(client: EC2Client, request: RunInstancesCommandInput): Promise<RunInstancesCommandOutput> {
  try {
    return await client.send(new RunInstancesCommand(request));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "InvalidAMIID.Unavailable") throw error;
    await waitUntilImageAvailable({ client, maxWaitTime: imageLimitSeconds, minDelay: 1, maxDelay: 1 }, { ImageIds: [request.ImageId ?? ""] });
    return client.send(new RunInstancesCommand(request));
  }
}

/** Whether something listens for logins. A connection that a booting guest loses is only tried again after a second, so a new one is made each time. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 60 });
    const over = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => over(true)).once("timeout", () => over(false)).once("error", () => over(false));
  });
}

/** Asks every 20 ms until the answer is yes. */
export async function untilTrue(what: string, ask: () => Promise<boolean>): Promise<void> {
  const begin = performance.now();
  while (!(await ask())) {
    if (performance.now() - begin > limitMs) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await sleep(20);
  }
}
