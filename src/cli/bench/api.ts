/**
 * `bench api`: calls per second of a control plane with simulated hosts, in an installation of its own that is gone afterwards. Client and server are
 * processes of their own, so on two cores the server has one.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { imageNameOf, stableId } from "../../compute/image-registration.ts";
import { findStatus } from "../control-client.ts";
import { findInstallation } from "../installation.ts";
import { mainCommand } from "../launch.ts";
import { findComponents } from "../processes.ts";
import { profileFile, type Profile } from "../profile.ts";
import { describeMachine, median, table } from "./report.ts";
import { signedClient, type SignedClient } from "./signed-client.ts";

const run = promisify(execFile);
const listed = 100;

export async function benchApi(options: { readonly seconds: number }): Promise<void> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "hostelry-bench-"));
  try {
    await hostelry("up", "--simulated", "--data", dataDirectory, "--port", "0");
    const profile = JSON.parse(await readFile(profileFile(dataDirectory), "utf8")) as Profile; // our own process wrote it
    const client = signedClient(profile);
    await warmUp(client);
    const rows = [
      await measure("DescribeInstances, 100 instances", 1, options.seconds, () => client.call({ Action: "DescribeInstances" })),
      await measure("DescribeInstances, 100 instances", 16, options.seconds, () => client.call({ Action: "DescribeInstances" })),
      await measure("RunInstances, one instance", 1, options.seconds, () => client.call(launchOf(1))),
      await measure("RunInstances, one instance", 16, options.seconds, () => client.call(launchOf(1))),
    ];
    client.close();
    const memoryMib = await residentMib(dataDirectory);
    process.stdout.write(`${describeMachine()}\n\n${table(["call", "at once", "calls/s", "median", "slowest"], rows)}\n\ncontrol plane afterwards: ${memoryMib} MiB\n`);
  } finally {
    await hostelry("down", "--data", dataDirectory);
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function hostelry(...args: string[]): Promise<void> {
  const [command = "", ...rest] = mainCommand(args);
  await run(command, rest);
}

async function warmUp(client: SignedClient): Promise<void> {
  for (let launched = 0; launched < listed; launched += 20) await client.call(launchOf(20));
  for (let round = 0; round < 50; round++) await client.call({ Action: "DescribeInstances" });
}

function launchOf(count: number): Record<string, string> {
  const image = stableId("image", imageNameOf({ name: "tiny", architecture: "x86_64" }, "hvm"));
  return { Action: "RunInstances", ImageId: image, InstanceType: "t3.nano", MinCount: String(count), MaxCount: String(count) };
}

async function measure(name: string, atOnce: number, seconds: number, call: () => Promise<unknown>): Promise<string[]> {
  const times: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSecond = (times.length / (performance.now() - begin)) * 1000;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [name, String(atOnce), perSecond.toFixed(0), ms(median(times)), ms(Math.max(...times))];
}

async function residentMib(dataDirectory: string): Promise<number> {
  const installation = findInstallation(dataDirectory);
  const alive = installation !== undefined && (await findStatus(installation)) !== undefined;
  const pid = alive ? findComponents(dataDirectory).find(({ component }) => component.kind === "control-plane")?.pid : undefined;
  const status = pid === undefined ? "" : await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
