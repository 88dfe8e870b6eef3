/** The same steps by clients that know nothing of Hostelry: boto3 with its waiters, the JavaScript SDK, and the Debian AWS command line with the lines of the README. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
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
  const { stdout } = await run("bash", args, { env: environment(), timeout: 540_000 });
  return stdout.trim().split("\n").at(-1);
}

const withSettings = 'eval "$("$LAUNCHER" env)" && exec python3 "$@"';

test("boto3 launches, waits, logs in, stops, starts and terminates", async () => {
  expect(await lastLine("-c", withSettings, "boto3", fileOf("launch.py"), imageId("tiny", "paravirtual"))).toBe("done");
});

test("boto3 and the AWS command line are users and roles, with a device's code too, and are denied what these may not", async () => {
  expect(await lastLine("-c", withSettings, "boto3", fileOf("identity.py"))).toBe("done");
});

test("the JavaScript SDK is a user and a role, and is denied what these may not", async () => {
  const { url: endpoint, region, account, accessKeyId, secretAccessKey } = installation.profile;
  const at = { endpoint, region };
  const root = { ...at, credentials: { accessKeyId, secretAccessKey } };
  const allow = (Action: string, more: object) => JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action, ...more } });
  const iam = new IAM(root);
  const { User: { Arn: user = "" } = {} } = await iam.createUser({ UserName: "jo" });
  const { AccessKey: key } = await iam.createAccessKey({ UserName: "jo" });
  await iam.createRole({ RoleName: "describer", AssumeRolePolicyDocument: allow("sts:AssumeRole", { Principal: { AWS: user } }) });
  await iam.putRolePolicy({ RoleName: "describer", PolicyName: "only", PolicyDocument: allow("ec2:DescribeInstances", { Resource: "*" }) });

  const own = { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" };
  const { Credentials: taken } = await new STS({ ...at, credentials: own }).assumeRole({ RoleArn: `arn:aws:iam::${account}:role/describer`, RoleSessionName: "js" });
  const temporary = { accessKeyId: taken?.AccessKeyId ?? "", secretAccessKey: taken?.SecretAccessKey ?? "", sessionToken: taken?.SessionToken ?? "" };
  const attempts = [own, temporary].flatMap((credentials) => {
    const [sts, ec2] = [new STS({ ...at, credentials }), new EC2({ ...at, credentials })];
    return [sts.getCallerIdentity({}).then(({ Arn: arn }) => arn), nameOf(ec2.describeInstances({})), nameOf(ec2.createKeyPair({ KeyName: "mine" }))];
  });
  const session = `arn:aws:sts::${account}:assumed-role/describer/js`;
  expect(await Promise.all(attempts)).toEqual([user, "UnauthorizedOperation", "UnauthorizedOperation", session, "done", "UnauthorizedOperation"]);
});

/** Of the error that the call ends with. */
function nameOf(call: Promise<unknown>): Promise<string> {
  return call.then(() => "done", (error: Error) => error.name);
}

test("the AWS command line does what the README says, word for word", async () => {
  const readme = await readFile(fileOf("../../README.md"), "utf8");
  const [, lines = ""] = /## Launch something\n+```sh\n(.*?)```/s.exec(readme) ?? [];
  expect(lines).toContain("aws ec2 run-instances");
  expect(await lastLine(fileOf("launch.sh"), lines)).toBe("hello");
});
