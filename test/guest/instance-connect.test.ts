/** A guest without any key pair, and people who get in all the same: over EC2 Instance Connect. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { promisify } from "node:util";
import { AttachUserPolicyCommand, CreateAccessKeyCommand, CreatePolicyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInstance, imageId, launch, makeKey, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";
import { greets } from "../installation/ipv6.ts";

const run = promisify(execFile);
let installation: TestInstallation;
let id: string;

beforeAll(async () => {
  installation = await bringUp();
  id = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small" });
  await untilState(installation, id, "running");
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The unmodified command line. */
async function aws(words: readonly string[], { accessKeyId, secretAccessKey }: Credentials = installation.profile): Promise<unknown> {
  const { url, region } = installation.profile;
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: region };
  const { stdout } = await run("aws", [...words, "--endpoint-url", url, "--output", "json"], { env, timeout: 60_000 });
  return JSON.parse(stdout);
}

function push(key: GuestKey, user: string, credentials?: Credentials): Promise<unknown> {
  return aws(["ec2-instance-connect", "send-ssh-public-key", "--instance-id", id, "--instance-os-user", user, "--ssh-public-key", `file://${key.file}.pub`], credentials);
}

/** A user who may push keys to guests for this user only. */
async function createUser(UserName: string, osUser: string): Promise<Credentials> {
  const { url: endpoint, region, accessKeyId, secretAccessKey } = installation.profile;
  const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const statement = { Effect: "Allow", Action: "ec2-instance-connect:SendSSHPublicKey", Resource: "*", Condition: { StringEquals: { "ec2:osuser": osUser } } };
  await iam.send(new CreateUserCommand({ UserName }));
  const { Policy: policy } = await iam.send(new CreatePolicyCommand({ PolicyName: UserName, PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: statement }) }));
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: policy?.Arn }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" };
}

/** The guest answers, and does not let the key's holder in. */
async function untilRefused(key: GuestKey): Promise<void> {
  const refusal = await eventually("a refusal", () =>
    ssh(installation, key, id, "whoami").catch((error: unknown) => (String(error).includes("Permission denied") ? "refused" : undefined)),
  );
  expect(refusal).toBe("refused");
}

test("A fresh key that the AWS command line pushed lets in, and no other key does", async () => {
  const [mine, another] = [await makeKey(installation, "mine"), await makeKey(installation, "another")];
  expect(await push(mine, "admin")).toEqual({ RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/), Success: true });
  expect(await untilSsh(installation, mine, id, "whoami", 40_000)).toBe("admin");
  await untilRefused(another);
});

test("A key for another user of the guest does not let this one in, and policies say for whom keys may be pushed", async () => {
  const theirs = await makeKey(installation, "theirs");
  const ann = await createUser("ann", "admin");
  await expect(push(theirs, "root", ann)).rejects.toThrow(/AccessDeniedException.*ec2-instance-connect:SendSSHPublicKey/);
  await push(theirs, "root");
  await untilRefused(theirs);
  await push(theirs, "admin", ann);
  expect(await untilSsh(installation, theirs, id, "whoami")).toBe("admin");
});

test("A key that is over is in no file of the guest behind the next login", async () => {
  const mine = await makeKey(installation, "later");
  await push(mine, "admin");
  const over = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkZ5Sd0c3cxDPHZ1Gm0sCPSBpJUGn3oICcs8nWWQ2u2 pushed by EC2 Instance Connect";
  await untilSsh(installation, mine, id, `echo 'ssh-ed25519 mine' >> ~/.ssh/authorized_keys; echo '${over}' >> ~/.ssh/authorized_keys`);
  const keys = await untilSsh(installation, mine, id, "cat ~/.ssh/authorized_keys");
  expect(keys.split("\n").filter((line) => !/ pushed by /.test(line))).toEqual(["ssh-ed25519 mine"]);
  expect(keys).not.toContain(over);
});

/** The serial console, as `ssh` shows it. */
class Console {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  #said = "";

  constructor(key: GuestKey) {
    const trust = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
    this.#process = spawn("ssh", [...trust, "-tt", "-i", key.file, "-p", String(installation.profile.serialConsolePort), `${id}.port0@127.0.0.1`]);
    this.#closed = new Promise((resolve) => this.#process.once("close", resolve));
    for (const output of [this.#process.stdout, this.#process.stderr]) output.on("data", (data: Buffer) => (this.#said += data.toString()));
  }

  type(text: string): void {
    this.#said = "";
    this.#process.stdin.write(`${text}\r`);
  }

  async until(words: RegExp): Promise<void> {
    await eventually(`${words} on the serial console`, async () => (words.test(this.#said) ? true : undefined), 30_000).catch((error: unknown) => {
      throw new Error(`the console said: ${this.#said.slice(-500)}`, { cause: error });
    });
  }

  async close(): Promise<void> {
    this.#process.kill();
    await this.#closed;
  }
}

test("A guest whose network is dead is repaired over its serial console, by one at a time", async () => {
  const mine = await makeKey(installation, "serial");
  await push(mine, "admin");
  const password = "sudo sed -i \"s|^admin:[^:]*|admin:$(mkpasswd -m sha512 secret)|\" /etc/shadow";
  await untilSsh(installation, mine, id, password);
  await ssh(installation, mine, id, "(sleep 0.2; sudo ip link set vec0 down) > /dev/null 2>&1 &").catch(() => "the connection may end before its answer");
  const { PublicIpAddress: address = "" } = await describeInstance(installation, id);
  await eventually("the guest to be away", async () => ((await greets(address, 22)) === "" ? true : undefined));

  await expect(pushForSerial(mine)).rejects.toThrow(/SerialConsoleAccessDisabled/);
  await aws(["ec2", "enable-serial-console-access"]);
  await pushForSerial(mine);
  const console = new Console(mine);
  await console.until(/boot finished/); // some time ago
  console.type("");
  await console.until(/login: $/);
  console.type("admin");
  await console.until(/Password: $/);
  console.type("secret");
  await console.until(/\$ $/);
  console.type("echo the link is $(cat /sys/class/net/vec0/operstate)");
  await console.until(/the link is down/);

  const second = new Console(mine);
  await second.until(/The serial console has another user/);
  await second.close();

  console.type("sudo ip link set vec0 up && sudo killall -USR1 udhcpc && echo repaired");
  await console.until(/\nrepaired/);
  await console.close();
  await push(mine, "admin");
  expect(await untilSsh(installation, mine, id, "whoami", 40_000)).toBe("admin");
});

function pushForSerial(key: GuestKey): Promise<unknown> {
  return aws(["ec2-instance-connect", "send-serial-console-ssh-public-key", "--instance-id", id, "--ssh-public-key", `file://${key.file}.pub`]);
}
