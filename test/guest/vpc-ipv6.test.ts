/** What guests of a VPC with IPv6 can send each other, and what passes between one and the machine outside. */
import type { EC2, IpPermission } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeInstance } from "../installation/guest.ts";
import { bringUp, type TestInstallation } from "../installation/installation.ts";
import { giveIpv6, greets, type OuterIpv6 } from "../installation/ipv6.ts";
import { answerPort, everywhere, VpcGuests } from "../installation/vpc-guests.ts";

const logins: IpPermission = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: everywhere }], Ipv6Ranges: [{ CidrIpv6: "::/0" }] };
const port = answerPort;
const soon = { timeout: 20_000, interval: 100 };

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
  const { PrefixList: list } = await ec2.createManagedPrefixList({ PrefixListName: "client", AddressFamily: "IPv6", MaxEntries: 1, Entries: [{ Cidr: `${mine}/128` }] });
  await ec2.authorizeSecurityGroupIngress({
    GroupId: servers,
    IpPermissions: [
      { IpProtocol: "icmpv6", Ipv6Ranges: [{ CidrIpv6: `${mine}/128` }] },
      { IpProtocol: "udp", FromPort: port + 1, ToPort: port + 1, PrefixListIds: [{ PrefixListId: list?.PrefixListId }] },
    ],
  });
  await expect.poll(() => guests.pings(client, theirs), soon).toBe(true);
  expect([await datagramArrives(), await guests.whoAnswers(client, theirs, port + 1)]).toEqual([true, ""]);
  const foreign = mine.replace(/[0-9a-f]+$/, "99");
  await guests.run(client, `sudo ip address add ${foreign}/128 dev $(cat /run/primary-interface)`);
  expect([await guests.pings(client, theirs, `-I ${foreign}`), await guests.pings(client, theirs, `-I ${mine}`)]).toEqual([false, true]);
  await guests.run(client, `sudo ip address del ${foreign}/128 dev $(cat /run/primary-interface)`);
});

test("a guest is reached from outside through an internet gateway, and through an egress-only one reaches out and is reached by nobody", async () => {
  const mine = await ipv6Address(client);
  expect([await greets(mine, 22), await guests.pings(client, outside.machine)]).toEqual(["SSH", true]);
  await outside.leaveBy("egress-only");
  await expect.poll(() => greets(mine, 22), soon).toBe("");
  expect(await guests.pings(client, outside.machine)).toBe(true);
  await outside.leaveBy("internet");
  await expect.poll(() => greets(mine, 22), soon).toBe("SSH");
});
