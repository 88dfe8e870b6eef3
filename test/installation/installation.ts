/**
 * A whole installation of its own, brought up as a user would, for tests that need real guests. Gone afterwards, also when a test failed:
 * processes, namespaces, files.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { EC2Client } from "@aws-sdk/client-ec2";
import { allowSsh } from "../../src/cli/bench/allow-ssh.ts";
import type { Profile } from "../../src/cli/profile.ts";
import type { StatusReport } from "../../src/cli/status-report.ts";
import { takeTurn } from "../../src/host/network/testing/machine-turn.ts";

const run = promisify(execFile);
const launcher = new URL("../../hostelry", import.meta.url).pathname;

export interface TestInstallation {
  /** Six hexadecimal digits. */
  readonly id: string;
  readonly dataDirectory: string;
  readonly profile: Profile;
  readonly ec2: EC2Client;
  /** `./hostelry ARGS --data DIR`; resolves to what it printed. */
  hostelry(...args: string[]): Promise<string>;
  status(): Promise<StatusReport>;
  /** Process ids of the installation's own processes whose command line matches. */
  pids(pattern: RegExp): Promise<number[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Brings one up, in which guests can be logged in to unless the test allows that itself. It uses a free port and the packages of the machine's cache. */
export async function bringUp({ withSsh = true } = {}): Promise<TestInstallation> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "hostelry-test-"));
  await chmod(dataDirectory, 0o755); // engines and volume daemons run unprivileged and pass through it
  const hostelry = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(launcher, [...args, "--data", dataDirectory], { timeout: 600_000, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  const remove = async (): Promise<void> => {
    await hostelry("down");
    await rm(dataDirectory, { recursive: true, force: true });
  };
  try {
    await makeInTurn(dataDirectory, () => hostelry("up", "--port", "0"));
    const profile = JSON.parse(await readFile(join(dataDirectory, "control", "profile.json"), "utf8")) as Profile; // our own process wrote it
    const credentials = { accessKeyId: profile.accessKeyId, secretAccessKey: profile.secretAccessKey };
    const ec2 = new EC2Client({ endpoint: profile.url, region: profile.region, credentials });
    if (withSsh) await allowSsh(ec2);
    const { id } = JSON.parse(await readFile(join(dataDirectory, "installation.json"), "utf8")) as { id: string }; // likewise
    return {
      id,
      dataDirectory,
      profile,
      ec2,
      hostelry,
      status: async () => JSON.parse(await hostelry("status", "--json")) as StatusReport, // our own command printed it
      pids: (pattern) => findPids([dataDirectory, `/run/hostelry/${id}/`], pattern),
      [Symbol.asyncDispose]: async () => {
        ec2.destroy();
        await remove();
      },
    };
  } catch (thrown) {
    await remove().catch(() => undefined);
    throw thrown;
  }
}

/** One installation after the other, so that each finds addresses that are free, and all but the first of a run images that are built. */
async function makeInTurn(dataDirectory: string, up: () => Promise<unknown>): Promise<void> {
  using _turn = await takeTurn();
  if (shareImages) await cp(builtImages, join(dataDirectory, "images"), { recursive: true }).catch(() => "the first test of a run builds them");
  await up();
  if (shareImages) await keepImages(dataDirectory);
}

/** Within one run of all tests, whose temporary folder is its own and goes with it, an image is built once. */
const shareImages = basename(tmpdir()).startsWith("hostelry-test.");
const builtImages = join(tmpdir(), "hostelry-test-images");

async function keepImages(dataDirectory: string): Promise<void> {
  const copy = `${builtImages}.${process.pid}`;
  await cp(join(dataDirectory, "images"), copy, { recursive: true });
  await rename(copy, builtImages).catch(() => rm(copy, { recursive: true, force: true })); // they are there already
}

async function findPids(folders: readonly string[], pattern: RegExp): Promise<number[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,args="], { maxBuffer: 16 * 1024 * 1024 });
  return stdout
    .split("\n")
    .filter((line) => folders.some((folder) => line.includes(folder)) && pattern.test(line))
    .map((line) => Number(line.trim().split(" ")[0]));
}

/** Asks again until the answer is not undefined; fails after `limitMs` and says what it waited for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 120_000): Promise<T> {
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (thrown) {
      last = thrown;
    }
    await sleep(100);
  }
  throw new Error(`waited ${limitMs / 1000} s for ${what}`, { cause: last });
}
