/**
 * From a call until packets follow: addresses and routes that move between two guests, rules that begin to let a third one in. That guest, in another zone,
 * asks all the time, a new connection each, and says when it hears what is expected, so the figures hold its own slowness too.
 */
import {
  AllocateAddressCommand, AssignPrivateIpAddressesCommand, AssociateAddressCommand, AuthorizeSecurityGroupIngressCommand, CreateManagedPrefixListCommand, CreateRouteCommand,
  CreateSecurityGroupCommand, DeleteManagedPrefixListCommand, DeleteRouteCommand, DeleteSecurityGroupCommand, DescribeRouteTablesCommand, DescribeManagedPrefixListsCommand,
  ModifyManagedPrefixListCommand, ModifyNetworkInterfaceAttributeCommand, ReleaseAddressCommand, ReplaceRouteCommand, RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import type { BenchGuests } from "./guests.ts";
import { describe, kinds, launchTiny, type Course } from "./network-course.ts";
import { median } from "./report.ts";

const port = 7_101;
const virtual = "10.9.0.1";
const elsewhere = "192.0.2.0/24";

/** A guest that answers with its name. */
interface Server {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly nic: string;
}

/** One kind of change: made for each of its targets in turn, `runs` times. */
interface Change {
  readonly what: string;
  readonly address: string;
  readonly aim: string;
  /** What is made before each call that is measured. */
  readonly undo?: () => Promise<unknown>;
  readonly make: (server: Server) => Promise<unknown>;
  readonly targets: readonly Server[];
}

/** Rows: what, median, longest, aim. */
export async function measureChanges(course: Course): Promise<string[][]> {
  const { guests, group, working } = course;
  working("changes: launching");
  const GroupId = (await guests.client.send(new CreateSecurityGroupCommand({ GroupName: `bench-guarded-${process.pid}`, Description: "bench network", VpcId: group.vpc }))).GroupId ?? "";
  guests.atEnd(() => guests.client.send(new DeleteSecurityGroupCommand({ GroupId })));
  const logins = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
  await guests.client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [logins] }));
  const [kind] = kinds;
  const ids = [await launchTiny(course, kind, "a"), await launchTiny(course, kind, "a"), await launchTiny(course, kind, "a", [GroupId]), await launchTiny(course, kind, "b")];
  const [one, two, shut] = await Promise.all(["one", "two", "shut"].map((name, index) => openServer(guests, name, ids[index] ?? "")));
  const client = ids[3] ?? "";
  await guests.untilSsh(client, "true");
  if (one === undefined || two === undefined || shut === undefined) throw new Error("three servers were launched");
  const moves = await prepareMoves(course, [one, two]);
  const rules = await prepareRules(guests, { group: GroupId, client, server: shut });
  const rows: string[][] = [];
  for (const change of [...moves, ...rules]) rows.push(await measureChange(course, client, change));
  for (const id of ids) await guests.terminate(id);
  return rows;
}

async function openServer(guests: BenchGuests, name: string, id: string): Promise<Server> {
  await guests.untilSsh(id, `sudo sh -c 'printf "#!/bin/sh\necho ${name}\n" > /run/answer; chmod +x /run/answer; ip address add ${virtual}/32 dev lo; nc -ll -p ${port} -e /run/answer < /dev/null > /dev/null 2>&1 &'`);
  const { PrivateIpAddress: address = "", NetworkInterfaces: [nic] = [] } = await describe(guests, id);
  return { name, id, address, nic: nic?.NetworkInterfaceId ?? "" };
}

async function measureChange({ guests, runs, working }: Course, client: string, { what, address, aim, undo, make, targets }: Change): Promise<string[]> {
  const taken: number[] = [];
  for (let turn = 1; turn <= runs * 4; turn++) {
    working(`changes: ${what}, ${turn} of ${runs * 4}`);
    const target = targets[turn % targets.length];
    if (target === undefined) throw new Error("a change has a target");
    await undo?.();
    taken.push(await untilFollowed(guests, client, { address, name: target.name }, () => make(target)));
  }
  return [what, `${median(taken).toFixed(0)} ms`, `${Math.max(...taken).toFixed(0)} ms`, aim];
}

/** How long the name must not have been heard before the call. */
const silenceMs = 700;

/**
 * Milliseconds from the call until the client hears the name, which it did not before. The client begins a new connection every tenth of a second and does not
 * wait for the last one: a first packet that was dropped is sent again only after a second.
 */
async function untilFollowed(guests: BenchGuests, client: string, { address, name }: { readonly address: string; readonly name: string }, make: () => Promise<unknown>): Promise<number> {
  const loop = `while [ -e /proc/$PPID ]; do echo; (nc -w 1 ${address} ${port} < /dev/null 2> /dev/null | head -n 1) & usleep 100000; done`;
  let [heardAt, began]: [number, number | undefined] = [performance.now(), undefined];
  for await (const line of guests.lines(client, loop)) {
    const now = performance.now();
    if (line === name) heardAt = now;
    if (line === name && began !== undefined) return now - began;
    if (began !== undefined || now - heardAt < silenceMs) continue;
    began = now;
    await make();
  }
  throw new Error(`${client} was asked for ${address} and ended`);
}

/** What moves between two servers. */
async function prepareMoves({ guests: { client, ssh, atEnd }, group }: Course, [one, two]: readonly [Server, Server]): Promise<readonly Change[]> {
  const targets = [one, two];
  const { AllocationId, PublicIp = "" } = await client.send(new AllocateAddressCommand({}));
  atEnd(() => client.send(new ReleaseAddressCommand({ AllocationId })));
  const { AssignedPrivateIpAddresses: [own] = [] } = await client.send(new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: one.nic, SecondaryPrivateIpAddressCount: 1 }));
  const secondary = own?.PrivateIpAddress ?? "";
  for (const { id, nic } of targets) {
    await ssh(id, `sudo ip address add ${secondary}/32 dev lo`);
    await client.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: nic, SourceDestCheck: { Value: false } }));
  }
  const { RouteTables: [table] = [] } = await client.send(new DescribeRouteTablesCommand({ Filters: [{ Name: "vpc-id", Values: [group.vpc] }, { Name: "association.main", Values: ["true"] }] }));
  const route = { RouteTableId: table?.RouteTableId, DestinationCidrBlock: `${virtual}/32` };
  const removeRoute = () => client.send(new DeleteRouteCommand(route));
  await removeRoute().catch(() => undefined); // a run that was killed leaves one
  atEnd(removeRoute);
  await client.send(new CreateRouteCommand({ ...route, NetworkInterfaceId: one.nic }));
  const aim = "1000 ms";
  return [
    { what: "an Elastic IP address moves", address: PublicIp, aim, targets, make: ({ nic, address }) => client.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId: nic, PrivateIpAddress: address })) },
    { what: "a secondary address moves", address: secondary, aim, targets, make: ({ nic }) => client.send(new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: nic, PrivateIpAddresses: [secondary], AllowReassignment: true })) },
    { what: "a route is replaced", address: virtual, aim, targets, make: ({ nic }) => client.send(new ReplaceRouteCommand({ ...route, NetworkInterfaceId: nic })) },
  ];
}

/** What lets the client in to the server. */
async function prepareRules(guests: BenchGuests, { group, client: asking, server }: { readonly group: string; readonly client: string; readonly server: Server }): Promise<readonly Change[]> {
  const { client } = guests;
  const Cidr = `${(await describe(guests, asking)).PrivateIpAddress}/32`;
  const { PrefixListId = "" } = (await client.send(new CreateManagedPrefixListCommand({ PrefixListName: `bench-${process.pid}`, AddressFamily: "IPv4", MaxEntries: 5, Entries: [{ Cidr: elsewhere }] }))).PrefixList ?? {};
  const answers = { IpProtocol: "tcp", FromPort: port, ToPort: port };
  const rule = { GroupId: group, IpPermissions: [{ ...answers, IpRanges: [{ CidrIp: Cidr }] }] };
  const byList = { GroupId: group, IpPermissions: [{ ...answers, PrefixListIds: [{ PrefixListId }] }] };
  const revoke = () => client.send(new RevokeSecurityGroupIngressCommand(rule)).catch(() => undefined); // the first time there is none
  guests.atEnd(async () => {
    await client.send(new RevokeSecurityGroupIngressCommand(byList));
    await client.send(new DeleteManagedPrefixListCommand({ PrefixListId }));
  });
  await client.send(new AuthorizeSecurityGroupIngressCommand(byList));
  const change = async (entries: { readonly AddEntries?: { Cidr: string }[]; readonly RemoveEntries?: { Cidr: string }[] }) => {
    const { PrefixLists: [list] = [] } = await client.send(new DescribeManagedPrefixListsCommand({ PrefixListIds: [PrefixListId] }));
    await client.send(new ModifyManagedPrefixListCommand({ PrefixListId, CurrentVersion: list?.Version, ...entries }));
  };
  const targets = [server];
  let listed = false;
  return [
    { what: "a rule of a group is added", address: server.address, aim: "500 ms", targets, undo: revoke, make: () => client.send(new AuthorizeSecurityGroupIngressCommand(rule)) },
    {
      what: "an entry of a prefix list is added",
      address: server.address,
      aim: "500 ms",
      targets,
      undo: async () => {
        await revoke();
        if (listed) await change({ RemoveEntries: [{ Cidr }] });
      },
      make: async () => {
        listed = true;
        await change({ AddEntries: [{ Cidr }] });
      },
    },
  ];
}
