/** People get into a real guest: with a browser, and with this machine's terminal or another's, without a key of their own. */
import { execFile } from "node:child_process";
import { CloudTrail } from "@aws-sdk/client-cloudtrail";
import { CreateInstanceConnectEndpointCommand, EC2, EnableSerialConsoleAccessCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeTerminal, openBrowser, openSerialConsoleOf, openTerminalOf, screenText, takePicture, type TestPage } from "../installation/browser.ts";
import { describeInstance, imageId, launch, untilState } from "../installation/guest.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";
import { OtherMachine } from "../installation/other-machine.ts";

let other: OtherMachine;
let installation: TestInstallation;
let browser: TestPage;
let id: string;
/** Without a public address. */
let hidden: string;
let endpoint: string;

beforeAll(async () => {
  other = await OtherMachine.open();
  installation = await bringUp({ listen: other.here });
  id = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "m1.small" });
  await untilState(installation, id, "running");
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await installation?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

interface Ended {
  readonly output: string;
  readonly code: number;
}

const launcher = new URL("../../hostelry", import.meta.url).pathname;

/** `./hostelry connect`, with this typed into it. */
function connectAndType(text: string, guest = id): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(launcher, ["connect", guest, "--data", installation.dataDirectory], { timeout: 60_000 }, (error, output, complaint) =>
      resolve({ output: output + complaint, code: error === null ? 0 : Number(error.code ?? 1) }),
    );
    child.stdin?.end(text);
  });
}

test("A guest's shell is in this machine's terminal, and gives its exit code", async () => {
  const { output } = await eventually("a shell", async () => {
    const ended = await connectAndType("echo cli-$((6*7)); exit 3\n");
    return ended.code === 3 ? ended : Promise.reject(new Error(ended.output));
  });
  expect(output).toContain("cli-42");
});

test("A guest without a public address gives its shell through the Instance Connect Endpoint of its VPC, and none without it", async () => {
  const { SubnetId } = await describeInstance(installation, id);
  const NetworkInterfaces = [{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: false }];
  hidden = await launch(installation, { ImageId: imageId("tiny", "paravirtual"), InstanceType: "c3.large", NetworkInterfaces });
  await untilState(installation, hidden, "running");
  expect((await connectAndType("", hidden)).output).toContain("has no public address");
  const made = await installation.ec2.send(new CreateInstanceConnectEndpointCommand({ SubnetId }));
  endpoint = made.InstanceConnectEndpoint?.InstanceConnectEndpointId ?? "";
  const { output } = await eventually("a shell", async () => {
    const ended = await connectAndType("echo hidden-$((6*7)); exit 3\n", hidden);
    return ended.code === 3 ? ended : Promise.reject(new Error(ended.output));
  });
  expect(output).toContain("hidden-42");
});

test("From another machine people come by TLS, and a guest sees that machine's address where the endpoint preserves it, and lets it in by a rule for it alone", async () => {
  const { url, region, accessKeyId, secretAccessKey } = installation.profile;
  const at = { endpoint: url, region, credentials: { accessKeyId, secretAccessKey } };
  const [ec2, cloudTrail] = [new EC2(at), new CloudTrail(at)];
  const { VpcId } = await describeInstance(installation, hidden);
  const { GroupId: group = "" } = await ec2.createSecurityGroup({ VpcId, GroupName: "other", Description: "the other machine" });
  await ec2.authorizeSecurityGroupIngress({ GroupId: group, IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIp: `${other.address}/32` });
  const { SecurityGroups: usual = [] } = await describeInstance(installation, hidden);
  const change = async (groups: string[], PreserveClientIp: boolean) => {
    await ec2.modifyInstanceAttribute({ InstanceId: hidden, Groups: groups });
    await ec2.modifyInstanceConnectEndpoint({ InstanceConnectEndpointId: endpoint, PreserveClientIp });
  };
  await change([group], true);
  const settings = `eval "$(${launcher} env --remote --data ${installation.dataDirectory})"; export PATH=/usr/bin:/bin`;
  const { output } = await eventually("a shell", async () => {
    const ended = await other.run(`${settings}; aws sts get-caller-identity --query Account --output text; exec ${launcher} connect ${hidden}`, "echo from-$SSH_CONNECTION; exit 3\n");
    return ended.code === 3 ? ended : Promise.reject(new Error(ended.output));
  });
  expect(output).toContain(installation.profile.account);
  expect(output).toContain(`from-${other.address} `);
  expect((await connectAndType("", hidden)).output).toContain("127.0.0.1, from where you call, is no address that a guest can answer");
  const { Events: events = [] } = await cloudTrail.lookupEvents({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "OpenTunnel" }] });
  expect(events.map(({ CloudTrailEvent: event = "{}" }) => (JSON.parse(event) as { sourceIPAddress: string }).sourceIPAddress)).toContain(other.address); // as events are

  await change(usual.flatMap(({ GroupId: each }) => each ?? []), false);
  ec2.destroy();
  cloudTrail.destroy();
});

/** Typed as a person would, with Enter behind it. */
async function type(text: string): Promise<void> {
  await browser.page.keyboard.type(text);
  await browser.page.keyboard.press("Enter");
}

async function untilShown(text: string | RegExp): Promise<void> {
  await expect.poll(() => screenText(browser)).toMatch(text);
}

test("Somebody signs in with a browser, opens the guest's terminal, types a command and reads its output from the screen", async () => {
  await browser.page.goto((await installation.hostelry("console")).trim());
  await openTerminalOf(browser, id);
  await type("echo browser-$((6*7)) $(whoami)");
  await untilShown("browser-42 admin");
  await takePicture(browser, "terminal");

  await type("yes");
  await untilShown(/(y\s+){10}/);
  await browser.page.keyboard.press("Control+C");
  await type("echo after-$((6*7))");
  await untilShown("after-42");
  await closeTerminal(browser);
});

test("The browser shows the shell of a guest without a public address, and when its network is dead, its serial console", async () => {
  await openTerminalOf(browser, hidden);
  const password = "sudo sed -i \"s|^admin:[^:]*|admin:$(mkpasswd -m sha512 secret)|\" /etc/shadow";
  await type(`${password}; trap "" HUP; echo hidden-$((7*7)); sleep 1; sudo ip link set vec0 down`);
  await untilShown("hidden-49");
  await closeTerminal(browser);
  await installation.ec2.send(new EnableSerialConsoleAccessCommand({}));

  await openSerialConsoleOf(browser, hidden);
  await untilShown("boot finished"); // some time ago
  await type("");
  await untilShown(/login:\s*$/);
  await type("admin");
  await untilShown(/Password:\s*$/);
  await type("secret");
  await untilShown(/\$\s*$/);
  await type("until grep -q down /sys/class/net/vec0/operstate; do sleep 0.1; done; echo the link is $(cat /sys/class/net/vec0/operstate)");
  await untilShown("the link is down");
  await takePicture(browser, "serial-console");
  expect(browser.complaints).toEqual([]);
});
