/** What guests of a VPC with IPv6 can send each other, and what passes between one and the machine outside. */
import type { EC2, IpPermission } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInstance } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";
import { giveIpv6, greets, type OuterIpv6 } from "../installation/ipv6.ts";
import { answerPort, everywhere, VpcGuests } from "../installation/vpc-guests.ts";

const logins: IpPermission = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everywhere }], Ipv6Ranges: [{ CidrIpv6: "::/0" }] };
const port = answerPort;
const soon = { interval: 100 };

let installation: TestInstallation;
let guests: VpcGuests;
let ec2: EC2;
let outside: OuterIpv6;
let servers = "";
let [client, server] = ["", ""];

beforeAll(async () => {
  installation = await bringUp({ withSsh: false });
  guests = await VpcGuests.open(installation);
  ({ ec2 } = guests);
  const [clientPlace, serverPlace] = [await guests.defaultSubnet("us-east-1b"), await guests.defaultSubnet("us-east-1a")];
  outside = await giveIpv6(ec2, clientPlace, serverPlace);
  const clients = await guests.createGroup("clients", clientPlace.vpc, logins);
  servers = await guests.createGroup("servers", serverPlace.vpc, logins, { IpProtocol: "tcp", FromPort: port, ToPort: port, UserIdGroupPairs: [{ GroupId: clients }] });
  client = await guests.launch("client", "hvm", { SubnetId: clientPlace.subnet, SecurityGroupIds: [clients], Ipv6AddressCount: 1 });
  // Of the paravirtual types few know IPv6.
  server = await guests.launch("server", "paravirtual", { SubnetId: serverPlace.subnet, SecurityGroupIds: [servers], InstanceType: "c3.large", Ipv6AddressCount: 1 });
  await guests.untilAnswering([client, server]);
});

afterAll(async () => {
  guests?.[Symbol.dispose]();
  await installation?.[Symbol.asyncDispose]();
});

async function ipv6Address(id: string): Promise<string> {
  return (await describeInstance(installation, id)).Ipv6Address ?? "";
}

test("guests of both kinds take their addresses by DHCPv6; TCP, UDP and ICMPv6 pass where a rule or a prefix list in one lets them, and what has a foreign source dies", async () => {
  const [mine, theirs] = [await ipv6Address(client), await ipv6Address(server)];
  for (const [id, own] of [[client, mine], [server, theirs]] as const) {
    await expect.poll(() => guests.run(id, "sudo ip -6 address show scope global; sudo ip -6 route show default"), soon).toMatch(new RegExp(`${own}/128[^]*default via fe80::ec:2aff:fe00:1`));
  }
  // Nothing listens, so a datagram that arrives is refused.
  const datagramArrives = async () => (await guests.run(client, `bash -c 'exec 3<>/dev/udp/${theirs}/${port + 1}; echo word >&3; read -t 1 -u 3' 2>&1 || true`)).includes("refused");
  await expect.poll(() => guests.whoAnswers(client, theirs), soon).toBe("server"); // a guest first looks for a second whether anybody else has its address
  expect([await guests.whoAnswers(client, theirs, port + 1), await guests.pings(client, theirs), await datagramArrives()]).toEqual(["", false, false]);
  const denied = await guests.whatStops(client, `[${theirs}]:${port + 1}`);
  expect([denied, (denied?.packets ?? 0) > 0, (await guests.reach(client, `${server}:${port}`, "--ipv6")).outcome]).toMatchObject([{ hop: "security-group-in", at: servers }, true, "passes"]);
  const { PrefixList: list } = await ec2.createManagedPrefixList({ PrefixListName: "client", AddressFamily: "IPv6", MaxEntries: 1, Entries: [{ Cidr: `${mine}/128` }] });
  await ec2.authorizeSecurityGroupIngress({
    GroupId: servers,
    IpPermissions: [
      { IpProtocol: "icmpv6", Ipv6Ranges: [{ CidrIpv6: `${mine}/128` }] },
      { IpProtocol: "udp", FromPort: port + 1, ToPort: port + 1, PrefixListIds: [{ PrefixListId: list?.PrefixListId }] },
    ],
  });
  await expect.poll(() => guests.pings(client, theirs), soon).toBe(true);
  await expect.poll(datagramArrives, soon).toBe(true);
  expect(await guests.whoAnswers(client, theirs, port + 1)).toBe("");
  const foreign = mine.replace(/[0-9a-f]+$/, "99");
  await guests.run(client, `sudo ip address add ${foreign}/128 dev $(cat /run/primary-interface)`);
  expect(await guests.pings(client, theirs, `-I ${foreign}`)).toBe(false);
  await expect.poll(() => guests.pings(client, theirs, `-I ${mine}`), soon).toBe(true);
  await guests.run(client, `sudo ip address del ${foreign}/128 dev $(cat /run/primary-interface)`);
});

test("packets of 9001 bytes pass whole between zones by both families, and a guest learns that a gateway passes 1500", async () => {
  const all = { FromPort: -1, ToPort: -1 };
  await ec2.authorizeSecurityGroupIngress({
    GroupId: servers,
    IpPermissions: [{ ...all, IpProtocol: "icmp", IpRanges: [{ CidrIp: everywhere }] }, { ...all, IpProtocol: "icmpv6", Ipv6Ranges: [{ CidrIpv6: "::/0" }] }],
  });
  const fragments = async () => Number(await guests.run(client, "cat /proc/net/snmp /proc/net/snmp6 | awk '/^Ip: [0-9]/ { made += $20 } /^Ip6FragCreates/ { made += $2 } END { print made }'"));
  const sizes = (ipv4: string, ipv6: string) => [["-s 8973", ipv4], ["-s 8953", ipv6]] as const;
  for (const id of [client, server]) expect(await guests.run(id, "cat /sys/class/net/$(cat /run/primary-interface)/mtu")).toBe("9001");
  for (const [size, address] of sizes(await guests.privateAddress(server), await ipv6Address(server))) await expect.poll(() => guests.pings(client, address, size), soon).toBe(true);
  expect(await fragments()).toBe(0);
  for (const [size, address] of sizes(await guests.publicAddress(server), outside.machine)) {
    const before = await fragments();
    await expect.poll(() => guests.pings(client, address, size), soon).toBe(true);
    expect(await fragments()).toBeGreaterThan(before + 5);
  }
});

test("a guest finds its metadata by IPv6 once its options say so", async () => {
  const ask = () => guests.run(client, "curl -g -s -m 2 'http://[fd00:ec2::254]/latest/meta-data/instance-id' || true");
  expect(await ask()).toBe("");
  await ec2.modifyInstanceMetadataOptions({ InstanceId: client, HttpProtocolIpv6: "enabled" });
  await expect.poll(ask, soon).toBe(client);
});

test("a guest is reached from outside through an internet gateway, and through an egress-only one reaches out and is reached by nobody", async () => {
  const mine = await ipv6Address(client);
  const reachesOut = () => guests.pings(client, outside.machine);
  await expect.poll(() => greets(mine, 22), soon).toBe("SSH");
  await expect.poll(reachesOut, soon).toBe(true);
  await outside.leaveBy("egress-only");
  await expect.poll(() => greets(mine, 22), soon).toBe("");
  await expect.poll(reachesOut, soon).toBe(true);
  expect(await guests.whatStops("internet", `[${mine}]:22`)).toMatchObject({ hop: "gateway-in", rule: "::/0" });
  await outside.leaveBy("internet");
  await expect.poll(() => greets(mine, 22), soon).toBe("SSH");
});
