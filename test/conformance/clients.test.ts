/** The same steps by clients that know nothing of Hostelry: boto3 with its waiters, and the Debian AWS command line with the lines of the README. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageId } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";

const run = promisify(execFile);
let installation: TestInstallation;

beforeAll(async () => {
  installation = await bringUp();
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

function clientEnvironment(): NodeJS.ProcessEnv {
  const { url, region, accessKeyId, secretAccessKey } = installation.profile;
  return {
    ...process.env,
    AWS_ENDPOINT_URL: url,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_PAGER: "",
    WORK: installation.dataDirectory,
  };
}

test("boto3 launches, waits, logs in, stops, starts and terminates", async () => {
  const script = new URL("launch.py", import.meta.url).pathname;
  const { stdout } = await run("/usr/bin/python3", [script, imageId("tiny", "paravirtual")], { env: clientEnvironment(), timeout: 240_000 });
  expect(stdout.trim().split("\n").at(-1)).toBe("done");
});

test("the AWS command line does what the README says", async () => {
  const script = new URL("launch.sh", import.meta.url).pathname;
  const { stdout } = await run("bash", [script], { env: clientEnvironment(), timeout: 240_000 });
  expect(stdout.trim().split("\n").at(-1)).toBe("hello");
});
