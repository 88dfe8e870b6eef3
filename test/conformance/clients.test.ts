/** The same steps by clients that know nothing of Hostelry: boto3 with its waiters, and the Debian AWS command line with the lines of the README. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageId } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";

const run = promisify(execFile);
let installation: TestInstallation;

beforeAll(async () => {
  installation = await bringUp({ withSsh: false });
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

/** Nothing of AWS is set but what `./hostelry env` sets; Debian's own programs come first. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_"));
  const { dataDirectory } = installation;
  return { ...Object.fromEntries(own), PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOSTELRY_DATA: dataDirectory, WORK: dataDirectory, LAUNCHER: fileOf("../../hostelry") };
}

const fileOf = (path: string): string => new URL(path, import.meta.url).pathname;

/** Runs bash; resolves to the last line that it printed. */
async function lastLine(...args: readonly string[]): Promise<string | undefined> {
  const { stdout } = await run("bash", args, { env: environment(), timeout: 240_000 });
  return stdout.trim().split("\n").at(-1);
}

test("boto3 launches, waits, logs in, stops, starts and terminates", async () => {
  const withSettings = 'eval "$("$LAUNCHER" env)" && exec python3 "$@"';
  expect(await lastLine("-c", withSettings, "boto3", fileOf("launch.py"), imageId("tiny", "paravirtual"))).toBe("done");
});

test("the AWS command line does what the README says, word for word", async () => {
  const readme = await readFile(fileOf("../../README.md"), "utf8");
  const [, lines = ""] = /## Launch something\n+```sh\n(.*?)```/s.exec(readme) ?? [];
  expect(lines).toContain("aws ec2 run-instances");
  expect(await lastLine(fileOf("launch.sh"), lines)).toBe("hello");
});
