/**
 * `bench launch`: from the RunInstances call to a login over SSH, kind by kind, in the installation that runs. For `tiny` the login counts, for `debian-12` the end
 * of the user data. Guests are launched one after the other and terminated at once; nothing else should run meanwhile.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { EC2Client, CreateKeyPairCommand, DeleteKeyPairCommand, DescribeInstancesCommand, RunInstancesCommand, TerminateInstancesCommand, type _InstanceType } from "@aws-sdk/client-ec2";
import { imageNameOf, stableId } from "../../compute/image-registration.ts";
import { findStatus } from "../control-client.ts";
import { requireInstallation } from "../current-installation.ts";
import { notRunning } from "../command-error.ts";
import { readFileSync } from "node:fs";
import { profileFile, type Profile } from "../profile.ts";
import { terminalProgress } from "../terminal.ts";
import { describeMachine, median, seconds, table } from "./report.ts";

const run = promisify(execFile);

interface Kind {
  readonly image: "tiny" | "debian-12";
  readonly virtualizationType: "hvm" | "paravirtual";
  readonly instanceType: _InstanceType;
  readonly until: "login" | "user data done";
}

const kinds: readonly Kind[] = [
  { image: "tiny", virtualizationType: "paravirtual", instanceType: "m1.small", until: "login" },
  { image: "tiny", virtualizationType: "hvm", instanceType: "t3.micro", until: "login" },
  { image: "debian-12", virtualizationType: "paravirtual", instanceType: "m1.small", until: "user data done" },
  { image: "debian-12", virtualizationType: "hvm", instanceType: "t3.micro", until: "user data done" },
];

const limitMs = 300_000;
const userData = Buffer.from("#!/bin/sh\ntouch /var/tmp/user-data-done\n").toString("base64");

interface Bench {
  readonly client: EC2Client;
  readonly keyName: string;
  readonly keyFile: string;
}

export async function benchLaunch(options: { readonly data?: string; readonly runs: number }): Promise<void> {
  const { dataDirectory, installation } = requireInstallation(options.data);
  const status = await findStatus(installation);
  if (status === undefined) throw notRunning(dataDirectory);
  const profile = JSON.parse(readFileSync(profileFile(dataDirectory), "utf8")) as Profile; // our own process wrote it
  const directory = await mkdtemp(join(tmpdir(), "hostelry-bench-"));
  const bench = await openBench(profile, directory);
  const progress = terminalProgress(process.stderr);
  const rows: string[][] = [];
  try {
    for (const kind of kinds) {
      const there = status.images.some((image) => image.name.startsWith(`${kind.image}-${kind.virtualizationType}`) && image.state === "available");
      if (!there) {
        progress.note(`${kind.image} is not built: ./hostelry image build ${kind.image}`);
        continue;
      }
      const [calls, logins]: [number[], number[]] = [[], []];
      for (let turn = 1; turn <= options.runs; turn++) {
        progress.working(`${kind.image} ${kind.virtualizationType}: launch ${turn} of ${options.runs}`);
        const { callMs, readyMs } = await launchOnce(bench, kind);
        calls.push(callMs);
        logins.push(readyMs);
      }
      rows.push([kind.image, kind.virtualizationType, kind.until, String(options.runs), seconds(median(logins)), seconds(Math.max(...logins)), `${median(calls).toFixed(0)} ms`]);
    }
  } finally {
    progress.end();
    await bench.client.send(new DeleteKeyPairCommand({ KeyName: bench.keyName }));
    await rm(directory, { recursive: true, force: true });
  }
  process.stdout.write(`${describeMachine()}\n\n${table(["image", "virtualization", "until", "launches", "median", "slowest", "RunInstances"], rows)}\n`);
}

async function openBench(profile: Profile, directory: string): Promise<Bench> {
  const credentials = { accessKeyId: profile.accessKeyId, secretAccessKey: profile.secretAccessKey };
  const client = new EC2Client({ endpoint: profile.url, region: profile.region, credentials });
  const keyName = `bench-${process.pid}`;
  const { KeyMaterial: material = "" } = await client.send(new CreateKeyPairCommand({ KeyName: keyName, KeyType: "ed25519" }));
  const keyFile = join(directory, "key.pem");
  await writeFile(keyFile, material, { mode: 0o600 });
  return { client, keyName, keyFile };
}

async function launchOnce({ client, keyName, keyFile }: Bench, kind: Kind): Promise<{ callMs: number; readyMs: number }> {
  const begin = performance.now();
  const launched = await client.send(
    new RunInstancesCommand({
      ImageId: stableId("image", imageNameOf({ name: kind.image, architecture: "x86_64" }, kind.virtualizationType)),
      InstanceType: kind.instanceType,
      MinCount: 1,
      MaxCount: 1,
      KeyName: keyName,
      UserData: userData,
    }),
  );
  const callMs = performance.now() - begin;
  const id = launched.Instances?.[0]?.InstanceId ?? "";
  try {
    const address = await publicAddress(client, id);
    while (!(await answers(address))) await waitABit(begin, id);
    const command = kind.until === "login" ? "true" : "test -e /var/tmp/user-data-done";
    while (!(await succeeds(keyFile, address, command))) await waitABit(begin, id);
    return { callMs, readyMs: performance.now() - begin };
  } finally {
    await client.send(new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }));
    await gone(client, id);
  }
}

async function waitABit(begin: number, id: string): Promise<void> {
  if (performance.now() - begin > limitMs) throw new Error(`${id} could not be logged into within ${limitMs / 1000} s`);
  await sleep(20);
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

async function publicAddress(client: EC2Client, id: string): Promise<string> {
  for (;;) {
    const { Reservations: reservations = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const address = reservations[0]?.Instances?.[0]?.PublicIpAddress;
    if (address !== undefined) return address;
    await sleep(20);
  }
}

async function gone(client: EC2Client, id: string): Promise<void> {
  for (;;) {
    const { Reservations: reservations = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    if (reservations[0]?.Instances?.[0]?.State?.Name === "terminated") return;
    await sleep(100);
  }
}

const sshOptions = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=1", "-o", "LogLevel=ERROR"];

async function succeeds(keyFile: string, address: string, command: string): Promise<boolean> {
  try {
    await run("ssh", [...sshOptions, "-i", keyFile, `admin@${address}`, command], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
