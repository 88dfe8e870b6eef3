/**
 * A whole installation of its own, brought up as a user would, for tests that need real guests. Gone afterwards, also when a test failed:
 * processes, namespaces, files.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { EC2Client } from "@aws-sdk/client-ec2";
import { allowSsh } from "../../src/cli/bench/allow-ssh.ts";
import { readRoutes } from "../../src/cli/free-block.ts";
import type { Profile } from "../../src/cli/profile.ts";
import type { StatusReport } from "../../src/cli/status-report.ts";
import { machineDevice } from "../../src/host/network/names.ts";
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

export interface BringUpOptions {
  /** Guests can be logged in to, unless the test allows that itself. */
  readonly withSsh?: boolean;
  readonly topology?: string;
  /** Where other machines reach the API. */
  readonly listen?: string;
  /** The room of a file system of its own for volumes. */
  readonly storageMib?: number;
  /** How long a command may take. */
  readonly commandLimitMs?: number;
}

/** Brings one up. It uses a free port and the packages of the machine's cache. */
export async function bringUp({ withSsh = true, topology, listen, storageMib, commandLimitMs = 600_000 }: BringUpOptions = {}): Promise<TestInstallation> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "hostelry-test-"));
  await chmod(dataDirectory, 0o755); // engines and volume daemons run unprivileged and pass through it
  const storage = join(dataDirectory, "storage");
  if (storageMib !== undefined) {
    await mkdir(storage);
    await run("mount", ["-t", "tmpfs", "-o", `mode=711,size=${storageMib}M`, "tmpfs", storage]);
  }
  const hostelry = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(launcher, [...args, "--data", dataDirectory], { timeout: commandLimitMs, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  const remove = async (): Promise<void> => {
    await hostelry("down");
    if (storageMib !== undefined) await run("umount", ["-l", storage]);
    await rm(dataDirectory, { recursive: true, force: true });
  };
  try {
    await makeInTurn(dataDirectory, () => hostelry("up", "--port", "0", ...(topology === undefined ? [] : ["--topology", topology]), ...(listen === undefined ? [] : ["--listen", listen])));
    const profile = JSON.parse(await readFile(join(dataDirectory, "control", "profile.json"), "utf8")) as Profile; // our own process wrote it
    const credentials = { accessKeyId: profile.accessKeyId, secretAccessKey: profile.secretAccessKey };
    const ec2 = new EC2Client({ endpoint: profile.url, region: profile.region, credentials });
    if (withSsh) await allowSsh(ec2);
    const id = await readId(dataDirectory);
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

/** For an installation that has a file system for its volumes. */
export async function resizeStorage({ dataDirectory }: TestInstallation, mib: number): Promise<void> {
  await run("mount", ["-o", `remount,size=${mib}M`, join(dataDirectory, "storage")]);
}

/** One installation after the other until it has its addresses, so that each finds some that are free, and the first of a run until its images are built for the others. */
async function makeInTurn(dataDirectory: string, up: () => Promise<unknown>): Promise<void> {
  const turn = await takeTurn();
  try {
    const areBuilt = shareImages && (await cp(builtImages, join(dataDirectory, "images"), { recursive: true }).then(() => true, () => false));
    const begun = up();
    if (areBuilt) {
      await Promise.race([begun, untilConnected(dataDirectory)]);
      await turn[Symbol.asyncDispose]();
    }
    await begun;
    if (shareImages && !areBuilt) await keepImages(dataDirectory);
  } finally {
    await turn[Symbol.asyncDispose]();
  }
}

/** The machine has routes into the installation's two blocks of addresses. */
function untilConnected(dataDirectory: string): Promise<true> {
  return eventually("the installation's networks", async () => {
    const device = machineDevice(await readId(dataDirectory));
    return readRoutes().filter((route) => route.device === device).length === 2 ? true : undefined;
  });
}

/** Six hexadecimal digits. */
async function readId(dataDirectory: string): Promise<string> {
  return (JSON.parse(await readFile(join(dataDirectory, "installation.json"), "utf8")) as { id: string }).id; // our own process wrote it
}

/** Within one run of all tests, whose temporary folder is its own and goes with it, an image is built once. */
const shareImages = basename(tmpdir()).startsWith("hostelry-test.");
const builtImages = join(tmpdir(), "hostelry-test-images");

async function keepImages(dataDirectory: string): Promise<void> {
  const copy = `${builtImages}.${process.pid}`;
  await cp(join(dataDirectory, "images"), copy, { recursive: true });
  await rename(copy, builtImages).catch(() => rm(copy, { recursive: true, force: true })); // they are there already
}

/** Every file and folder below this one, by its path from there; what goes away during the look may be among them or not. */
export async function listBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((thrown: NodeJS.ErrnoException) => (thrown.code === "ENOENT" ? [] : Promise.reject(thrown)));
  const below = await Promise.all(entries.map(async (entry) => (entry.isDirectory() ? (await listBelow(join(directory, entry.name))).map((path) => join(entry.name, path)) : [])));
  return [...entries.map(({ name }) => name), ...below.flat()];
}

async function findPids(folders: readonly string[], pattern: RegExp): Promise<number[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,args="], { maxBuffer: 16 * 1024 * 1024 });
  return stdout
    .split("\n")
    .filter((line) => folders.some((folder) => line.includes(folder)) && pattern.test(line))
    .map((line) => Number(line.trim().split(" ")[0]));
}

/** Asks again until the answer is not undefined; fails after `limitMs` and says what it waited for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 240_000): Promise<T> {
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
  throw new Error(`waited ${limitMs / 1000} s for ${what}${last === undefined ? "" : `; at last: ${String(last)}`}`);
}
