/**
 * `bench api`: calls per second of a control plane with simulated hosts, in an installation of its own that is gone afterwards. Client and server are
 * processes of their own, so on two cores the server has one.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { mainCommand } from "../launch.ts";
import { profileFile, type Profile } from "../profile.ts";
import { imageOf } from "./guests.ts";
import { describeMachine, median, table } from "./report.ts";
import { residentMib } from "./resident.ts";
import { signedClient, type SignedClient } from "./signed-client.ts";

const run = promisify(execFile);
const listed = 100;
/** Each load runs for so long before it counts: a control plane that has just started is still compiling itself. */
const warmUpMs = 2_000;

export async function benchApi(options: { readonly seconds: number }): Promise<void> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "hostelry-bench-"));
  try {
    await hostelry("up", "--simulated", "--data", dataDirectory, "--port", "0");
    const profile = JSON.parse(await readFile(profileFile(dataDirectory), "utf8")) as Profile; // our own process wrote it
    const client = signedClient(profile);
    for (let launched = 0; launched < listed; launched += 20) await client.call(launchOf(20));
    const rows: string[][] = [];
    const memory: string[] = [];
    for (const [name, call] of Object.entries(await loads(client))) {
      memory.push(`control plane before "${name}": ${memoryOf(dataDirectory)} MiB`);
      for (const atOnce of [1, 16]) rows.push(await measure(name, atOnce, options.seconds, call));
    }
    client.close();
    memory.push(`control plane afterwards, which then has all the instances launched: ${memoryOf(dataDirectory)} MiB`);
    process.stdout.write(`${describeMachine()}\n\n${table(["call", "at once", "calls/s", "median", "slowest"], rows)}\n\n${memory.join("\n")}\n`);
  } finally {
    await hostelry("down", "--data", dataDirectory);
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/**
 * Lists are kept while nothing changes, so the same question again and again says little: the second asks what nobody has asked before (a filter that lets all
 * pass), the third after a write (and counts both).
 */
async function loads(client: SignedClient): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const describe = { Action: "DescribeInstances" };
  const instance = /<instanceId>([^<]+)/.exec(Buffer.concat(await client.call(describe)).toString())?.[1] ?? "";
  let count = 0;
  return {
    "DescribeInstances, 100 instances, nothing changed": () => client.call(describe),
    "DescribeInstances, 100 instances, never asked before": () =>
      client.call({ ...describe, "Filter.1.Name": "instance-type", "Filter.1.Value.1": "t3.nano", "Filter.1.Value.2": `x${++count}` }),
    "CreateTags, then DescribeInstances, 100 instances": async () => {
      await client.call({ Action: "CreateTags", "ResourceId.1": instance, "Tag.1.Key": "count", "Tag.1.Value": String(++count) });
      await client.call(describe);
    },
    "RunInstances, one instance": () => client.call(launchOf(1)),
  };
}

async function hostelry(...args: string[]): Promise<void> {
  const [command = "", ...rest] = mainCommand(args);
  await run(command, rest);
}

function launchOf(count: number): Record<string, string> {
  const image = imageOf("tiny", "hvm");
  return { Action: "RunInstances", ImageId: image, InstanceType: "t3.nano", MinCount: String(count), MaxCount: String(count) };
}

async function measure(name: string, atOnce: number, seconds: number, call: () => Promise<unknown>): Promise<string[]> {
  await repeat(atOnce, warmUpMs, call);
  const begin = performance.now();
  const times = await repeat(atOnce, seconds * 1000, call);
  const perSecond = (times.length / (performance.now() - begin)) * 1000;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  return [name, String(atOnce), perSecond.toFixed(0), ms(median(times)), ms(Math.max(...times))];
}

/** Returns how long each call took. */
async function repeat(atOnce: number, forMs: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + forMs;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return times;
}

function memoryOf(dataDirectory: string): string {
  return (residentMib(dataDirectory)["control-plane"] ?? 0).toFixed(0);
}
