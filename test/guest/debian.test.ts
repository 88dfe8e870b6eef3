/** The whole Debian: built, and launched under both engines that every machine has. In one of them AWS's own clients call the API that made it, and fio measures volumes. */
import { readFile } from "node:fs/promises";
import { GetConsoleOutputCommand, TerminateInstancesCommand, type EbsBlockDevice } from "@aws-sdk/client-ec2";
import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from "@aws-sdk/client-ec2-instance-connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleProgram, sendClients } from "../installation/guest-clients.ts";
import { createKey, describeInstance, imageId, launch, makeKey, ssh, untilSsh, untilState, type GuestKey } from "../installation/guest.ts";
import { makeRole } from "../installation/role.ts";
import { bringUp, eventually, type TestInstallation } from "../installation/installation.ts";

/** Of a boot by translation, on a machine that does other things too. */
const bootMs = 240_000;
let installation: TestInstallation;
let key: GuestKey;

beforeAll(async () => {
  installation = await bringUp();
  await Promise.all([installation.hostelry("image", "build", "debian-12"), bundleProgram(installation, program)]);
  key = await createKey(installation, "debian");
  await makeRole(installation, "describer", ["ec2:DescribeInstances"]);
});

afterAll(async () => {
  await installation?.[Symbol.asyncDispose]();
});

const userData = Buffer.from("#!/bin/bash\necho \"ran as $(whoami)\" > /var/tmp/user-data\n").toString("base64");

interface MeasuredVolume {
  readonly device: string;
  readonly volume: EbsBlockDevice;
  /** Of each of fio's writes: reads of what was never written are not held to any limit. */
  readonly size: "4k" | "256k" | "1M";
  /** Writes a second that its type allows (facts §4.1); gp2 and hard disks burst, since their buckets of credits are full. */
  readonly most: number;
  /** The share of that which is reached in any case, on a machine that does other things too. */
  readonly least: number;
}

/** The slow ones at once, and then each of the fast ones by itself: a busy machine should not be what holds them back. */
const measured: readonly (readonly MeasuredVolume[])[] = [
  [
    { device: "/dev/sdf", volume: { VolumeType: "io1", VolumeSize: 4, Iops: 150 }, size: "4k", most: 150, least: 0.5 },
    { device: "/dev/sdg", volume: { VolumeType: "io2", VolumeSize: 4, Iops: 300 }, size: "4k", most: 300, least: 0.5 },
    { device: "/dev/sdh", volume: { VolumeType: "standard", VolumeSize: 1 }, size: "4k", most: 200, least: 0.5 },
    { device: "/dev/sdi", volume: { VolumeType: "sc1", VolumeSize: 256 }, size: "1M", most: 20, least: 0.5 },
  ],
  [{ device: "/dev/sdj", volume: { VolumeType: "st1", VolumeSize: 256 }, size: "1M", most: 62.5, least: 0.1 }],
  [{ device: "/dev/sdk", volume: { VolumeType: "gp3", VolumeSize: 1 }, size: "256k", most: 500, least: 0.1 }],
  [{ device: "/dev/sdl", volume: { VolumeType: "gp2", VolumeSize: 1 }, size: "4k", most: 3_000, least: 0.1 }],
];
const mappings = measured.flat().map(({ device, volume }) => ({ DeviceName: device, Ebs: { ...volume, DeleteOnTermination: true } }));

test.each([
  { engine: "paravirtual", kind: "paravirtual", type: "m1.medium", disk: "/dev/xvda", BlockDeviceMappings: mappings },
  { engine: "emulated", kind: "hvm", type: "t3.small", BlockDeviceMappings: [], disk: "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol" },
] as const)("debian-12, $engine, runs its user data and lets its owner in, who may become root", async ({ engine, kind, type, disk, BlockDeviceMappings }) => {
  const tags = { ResourceType: "instance" as const, Tags: [{ Key: "hostelry:virtualization", Value: engine }] };
  const id = await launch(installation, { ImageId: imageId("debian-12", kind), InstanceType: type, KeyName: key.name, UserData: userData, IamInstanceProfile: { Name: "describer" }, BlockDeviceMappings: [...BlockDeviceMappings], TagSpecifications: [tags] });
  expect(await untilSsh(installation, key, id, "grep ran /var/tmp/user-data", bootMs)).toBe("ran as root");

  const { PrivateIpAddress: address = "" } = await describeInstance(installation, id);
  const answer = await ssh(installation, key, id, `sudo whoami; hostname; . /etc/os-release; echo $ID $VERSION_ID; cloud-init query platform; systemctl is-active ssh; ls -d ${disk}* | wc -l`, bootMs);
  expect(answer.split("\n")).toEqual(["root", `ip-${address.replaceAll(".", "-")}`, "debian 12", "ec2", "active", "2"]);
  expect(await console(id)).toMatch(/login:|cloud-init/i);
  expect(await loginWithPushedKey(id, `pushed-${engine}`)).toBe("admin");

  if (engine === "paravirtual") {
    await callFrom(id);
    await measureVolumes(id);
  }
  await installation.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id], SkipOsShutdown: true }));
  await untilState(installation, id, "terminated");
}, 2 * bootMs);

/** How long it counts. */
const pushedKeyMs = 60_000;

/** A key that sshd does not find in a file. */
async function loginWithPushedKey(id: string, name: string): Promise<string> {
  const { url: endpoint, region, accessKeyId, secretAccessKey } = installation.profile;
  const client = new EC2InstanceConnectClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const fresh = await makeKey(installation, name);
  await client.send(new SendSSHPublicKeyCommand({ InstanceId: id, InstanceOSUser: "admin", SSHPublicKey: await readFile(`${fresh.file}.pub`, "utf8") }));
  return ssh(installation, fresh, id, "whoami", pushedKeyMs);
}

/** For the JavaScript SDK. Where the services are the resolver says, and who it is the metadata. */
const program = `
import { EC2 } from "@aws-sdk/client-ec2";
import { STS } from "@aws-sdk/client-sts";
const [ec2, sts] = [EC2, STS].map((Client) => new Client({ region: "us-east-1" }));
console.log((await sts.getCallerIdentity({})).Arn.split(":")[5]);
console.log(...(await ec2.describeInstances({})).Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId)));
await ec2.createKeyPair({ KeyName: "mine" }).catch((error) => console.log(error.name));
`;
const commandLine = "python3 -m awscli --region us-east-1 --output text";
/** The same by the AWS command line. */
const commands = [
  `${commandLine} sts get-caller-identity --query Arn | cut -d: -f6`,
  `${commandLine} ec2 describe-instances --query "Reservations[].Instances[].InstanceId"`,
  `${commandLine} ec2 create-key-pair --key-name mine 2>&1 | grep -o UnauthorizedOperation`,
];

/** Who the guest is, what it may do, and what it may not. The clients bring certificates of their own along, so they are told of the image's. */
async function callFrom(id: string): Promise<void> {
  const folder = await sendClients(installation, key, id);
  const settings = ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"].map((name) => `${name}=/etc/ssl/certs/ca-certificates.crt`).join(" ");
  const said = [`assumed-role/describer/${id}`, id, "UnauthorizedOperation"];
  const answerTo = (call: string) => ssh(installation, key, id, `cd ${folder}; export ${settings}; ${call}`, bootMs);
  expect((await answerTo("./node program.mjs")).split("\n")).toEqual(said);
  for (const [index, command] of commands.entries()) expect(await answerTo(command)).toBe(said[index]);
}

const fioSeconds = 3;
/** At once what a bucket without a burst holds, a tenth of a second's worth, and then the rate. */
const mostShare = 1.1;

async function measureVolumes(id: string): Promise<void> {
  const common = ["--name=global", "--direct=1", "--ioengine=libaio", "--rw=randwrite", "--norandommap", "--size=64M", "--iodepth=8", "--time_based", `--runtime=${fioSeconds}`];
  const jobs = measured.flatMap((together) => together.flatMap(({ device, size }, index) => [`--name=${device}`, `--filename=${device}`, `--bs=${size}`, ...(index === 0 ? ["--stonewall"] : [])]));
  const measure = async () => {
    const said = await ssh(installation, key, id, ["sudo fio --output-format=json", ...common, ...jobs].join(" "), bootMs);
    const { jobs: results } = JSON.parse(said) as { jobs: readonly { jobname: string; write: { iops: number } }[] }; // fio's own form
    return measured.flat().map(({ device, volume, most, least }) => ({ type: volume.VolumeType, least, share: (results.find(({ jobname }) => jobname === device)?.write.iops ?? 0) / most }));
  };
  const tooFast: unknown[] = [];
  const findSlow = async () => {
    const shares = await measure();
    tooFast.push(...shares.filter(({ share }) => share > mostShare));
    return shares.filter(({ share, least }) => share < least); // when the machine had other things to do, the next measurement is better
  };
  await expect.poll(findSlow, { timeout: bootMs }).toEqual([]);
  expect(tooFast).toEqual([]);
}

function console(id: string): Promise<string> {
  return eventually("console output", async () => {
    const { Output: output = "" } = await installation.ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
    return output === "" ? undefined : Buffer.from(output, "base64").toString();
  });
}
