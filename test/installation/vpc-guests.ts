/**
 * Guests of VPCs that tell each other their names: each answers at one port with its name, and then says what it is told. What passes between
 * them is asked from within the guests.
 */
import { EC2, type IpPermission } from "@aws-sdk/client-ec2";
import type { CountedHop, ReachReport } from "../../src/cli/reach/reach-report.ts";
import { LineProcess } from "../../src/host/network/testing/line-process.ts";
import { createKey, describeInstance, imageId, launch, loginTo, ssh, untilSsh, type GuestKey } from "./guest.ts";
import type { TestInstallation } from "./installation.ts";

export const answerPort = 7_000;
export const everywhere = "0.0.0.0/0";

export interface Place {
  readonly vpc: string;
  readonly subnet: string;
  readonly cidr: string;
}

export class VpcGuests implements Disposable {
  readonly ec2: EC2;
  readonly #installation: TestInstallation;
  readonly #key: GuestKey;

  private constructor(installation: TestInstallation, key: GuestKey) {
    const { url, region, accessKeyId, secretAccessKey } = installation.profile;
    this.ec2 = new EC2({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey } });
    this.#installation = installation;
    this.#key = key;
  }

  static async open(installation: TestInstallation): Promise<VpcGuests> {
    return new VpcGuests(installation, await createKey(installation, "network"));
  }

  /** A tiny guest that answers with its name. */
  launch(name: string, kind: "hvm" | "paravirtual", request: Parameters<typeof launch>[1]): Promise<string> {
    return this.launchAnswering(`echo ${name}\\nexec cat`, kind, request);
  }

  /** A tiny guest that answers a connection with what the shell's commands print, which `printf` writes. */
  launchAnswering(commands: string, kind: "hvm" | "paravirtual", request: Parameters<typeof launch>[1]): Promise<string> {
    const script = `#!/bin/sh\nprintf '#!/bin/sh\\n${commands}\\n' > /var/tmp/answer; chmod +x /var/tmp/answer\nnc -ll -p ${answerPort} -e /var/tmp/answer < /dev/null > /dev/null 2>&1 &\n`;
    const InstanceType = kind === "hvm" ? "t3.micro" : "m1.small";
    return launch(this.#installation, { ImageId: imageId("tiny", kind), InstanceType, KeyName: this.#key.name, UserData: Buffer.from(script).toString("base64"), ...request });
  }

  async untilAnswering(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => untilSsh(this.#installation, this.#key, id, `nc -w 5 127.0.0.1 ${answerPort} < /dev/null`)));
  }

  run(id: string, command: string): Promise<string> {
    return ssh(this.#installation, this.#key, id, command);
  }

  /** What goes on running in the guest, until it is disposed of. */
  async start(id: string, command: string): Promise<LineProcess> {
    return new LineProcess("ssh", await loginTo(this.#installation, this.#key, id, command));
  }

  async privateAddress(id: string): Promise<string> {
    return (await describeInstance(this.#installation, id)).PrivateIpAddress ?? "";
  }

  async publicAddress(id: string): Promise<string> {
    return (await describeInstance(this.#installation, id)).PublicIpAddress ?? "";
  }

  /** What is said first at the address, asked from within the guest; empty when no connection can be made. */
  whoAnswers(from: string, address: string, at = answerPort): Promise<string> {
    return this.run(from, `nc -w 1 ${address} ${at} < /dev/null | head -n 1`);
  }

  async pings(from: string, address: string, options = ""): Promise<boolean> {
    return (await this.run(from, `sudo ping -q -c 1 -W 1 ${options} ${address} > /dev/null && echo answered || echo silent`)) === "answered";
  }

  /** An open connection to the guest that answers with this name, until it is disposed of. */
  async connect(from: string, address: string, name: string): Promise<LineProcess> {
    const connection = await this.start(from, `nc ${address} ${answerPort}`);
    await connection.waitFor((line) => line === name);
    return connection;
  }

  /** Makes the change and waits until `next` answers at the address in place of `before`. */
  async untilAnswers(from: string, address: string, [before, next]: readonly [string, string], change: () => Promise<unknown>): Promise<void> {
    const loop = `while [ -e /proc/$PPID ]; do timeout 1 nc ${address} ${answerPort} < /dev/null | head -n 1; usleep 20000; done`;
    await using asking = await this.start(from, loop);
    const { at } = await asking.waitFor((line) => line === before);
    await change();
    await asking.waitFor((line) => line === next, at);
  }

  /** How many packets of a protocol have come as far as the guest's own programs: requests to answer pings, or datagrams, whoever waits for them. */
  async arrived(id: string, protocol: "icmp" | "udp"): Promise<number> {
    const rows = (await this.run(id, `grep -i ^${protocol}: /proc/net/snmp`)).split("\n").map((line) => line.split(" "));
    const [names = [], values = []] = rows;
    const fields = protocol === "icmp" ? ["InEchos"] : ["InDatagrams", "NoPorts"];
    return fields.map((name) => Number(values[names.indexOf(name)])).reduce((sum, value) => sum + value, 0);
  }

  async sendDatagrams(from: string, address: string, port: number, count: number): Promise<void> {
    await this.run(from, `bash -c 'for i in $(seq ${count}); do echo $i > /dev/udp/${address}/${port}; done'`);
  }

  async reach(...words: readonly string[]): Promise<ReachReport> {
    const text = await this.#installation.hostelry("reach", ...words, "--json").catch((thrown: { readonly stdout: string }) => thrown.stdout); // it ends with 1 when something stops the packets
    return JSON.parse(text) as ReachReport; // our own command printed it
  }

  /** The first hop that stops the packet. */
  async whatStops(...words: readonly string[]): Promise<CountedHop | undefined> {
    const { hops, stoppedBy } = await this.reach(...words);
    return stoppedBy === undefined ? undefined : hops[stoppedBy];
  }

  async createGroup(GroupName: string, VpcId: string, ...IpPermissions: IpPermission[]): Promise<string> {
    const { GroupId = "" } = await this.ec2.createSecurityGroup({ GroupName, Description: GroupName, VpcId });
    await this.ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions });
    return GroupId;
  }

  async defaultSubnet(zone: string): Promise<Place> {
    const { Subnets: [subnet] = [] } = await this.ec2.describeSubnets({ Filters: [{ Name: "availability-zone", Values: [zone] }, { Name: "default-for-az", Values: ["true"] }] });
    return { vpc: subnet?.VpcId ?? "", subnet: subnet?.SubnetId ?? "", cidr: subnet?.CidrBlock ?? "" };
  }

  /** A subnet with a way to the internet through a gateway of its own, whose guests get public addresses. */
  async createPublicSubnet(VpcId: string, CidrBlock: string, AvailabilityZone: string): Promise<string> {
    const { InternetGatewayId: GatewayId = "" } = (await this.ec2.createInternetGateway({})).InternetGateway ?? {};
    await this.ec2.attachInternetGateway({ InternetGatewayId: GatewayId, VpcId });
    const { RouteTables: [table] = [] } = await this.ec2.describeRouteTables({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
    await this.ec2.createRoute({ RouteTableId: table?.RouteTableId, DestinationCidrBlock: everywhere, GatewayId });
    const { SubnetId = "" } = (await this.ec2.createSubnet({ VpcId, CidrBlock, AvailabilityZone })).Subnet ?? {};
    await this.ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value: true } });
    return SubnetId;
  }

  [Symbol.dispose](): void {
    this.ec2.destroy();
  }
}

/** Whether what is said over an open connection comes back. */
export function echoes(connection: LineProcess, word: string, timeoutMs = 60_000): Promise<boolean> {
  connection.write(word);
  return connection.waitFor((line) => line === word, 0, timeoutMs).then(() => true, () => false);
}
