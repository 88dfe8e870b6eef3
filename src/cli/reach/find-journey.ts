/** The two ends of a question, from the texts that name them. */
import { isId, type InstanceId, type InterfaceId, type VpcId } from "../../base/ids.ts";
import { parseIpv4 } from "../../base/ipv4.ts";
import { formatIpv6, isIpv6AddressIn, parseIpv6 } from "../../base/ipv6.ts";
import type { End, InterfaceEnd } from "../../network/reach/hop.ts";
import type { Journey } from "../../network/reach/walk.ts";
import type { NetworkInterfaceRow } from "../../store/network-tables.ts";
import type { Tx } from "../../store/store.ts";
import { refuse, type ReachQuestion } from "./question.ts";
import { readVpc, type SeenVpc } from "./read-vpc.ts";

/** An interface that a text may mean. */
interface Candidate {
  readonly id: InterfaceId;
  readonly vpcId: VpcId;
  /** The private address that was named, or that the named public one stands for, or the one of IPv6; absent: the interface's first one. */
  readonly address?: string;
  readonly publicly: boolean;
}

type Named = { readonly kind: "outside"; readonly address: string | undefined } | { readonly kind: "interfaces"; readonly text: string; readonly candidates: readonly Candidate[] };

const forms = "Name an instance (i-…), an interface (eni-…), an address, or internet.";

/** Fails for what does not exist, and for what can be meant in several ways. */
export async function findJourney(tx: Tx, question: ReachQuestion, now: number): Promise<Journey> {
  const [sender, receiver] = [await findNamed(tx, question.from), await findNamed(tx, question.to)];
  if (sender.kind === "outside" && receiver.kind === "outside") throw refuse("Neither end is an interface of this installation.", forms);
  const [from, to] = [choose(sender, receiver), choose(receiver, sender)];
  if (from !== undefined && from.id === to?.id) throw refuse(`${question.from} and ${question.to} are the same interface, ${from.id}.`, "What a guest sends to itself does not leave it.");
  const vpcs = new Map<VpcId, SeenVpc>();
  for (const id of [from, to].flatMap((candidate) => candidate?.vpcId ?? [])) if (!vpcs.has(id)) vpcs.set(id, await readVpc(tx, id, now));
  const endOf = (named: Named, chosen: Candidate | undefined): End => {
    if (named.kind === "outside") return named;
    const end = chosen === undefined ? undefined : vpcs.get(chosen.vpcId)?.endOf(chosen.id, question.packet, chosen.address);
    if (end === undefined && question.packet.ipv6 === true) throw refuse(`${named.text} has no IPv6 address.`, "See aws ec2 assign-ipv6-addresses");
    if (end === undefined) throw new Error(`${named.text} is not in its VPC`);
    return end;
  };
  const ends = { from: endOf(sender, from), to: endOf(receiver, to) };
  // Whoever names only the interface gets there by the address that means it; a private one that was named is meant as it is.
  const apart = from !== undefined && to !== undefined && from.vpcId !== to.vpcId && to.address === undefined;
  const publicly = to?.publicly === true || (apart && question.packet.ipv6 !== true && ends.to.kind === "interface" && ends.to.publicAddress !== undefined && !arePeers(ends.from, ends.to));
  return { ...ends, publicly, packet: question.packet, endOf: (id) => from && vpcs.get(from.vpcId)?.endOf(id, {}) };
}

/** A receiver in a peered VPC is asked for by its private address, as guests of both would. */
function arePeers(from: End, to: InterfaceEnd): boolean {
  return from.kind === "interface" && (from.vpc.specification.peers ?? []).some(({ vpc }) => vpc === to.vpc.specification.id);
}

/** Of several interfaces with the same private address the one in the other end's VPC is meant. */
function choose(named: Named, other: Named): Candidate | undefined {
  if (named.kind === "outside") return undefined;
  const { candidates, text } = named;
  const near = other.kind === "interfaces" && other.candidates.length === 1 ? candidates.filter(({ vpcId }) => vpcId === other.candidates[0]?.vpcId) : [];
  const [chosen, ...more] = near.length > 0 ? near : candidates;
  if (more.length > 0) throw refuse(`Several interfaces have ${text}.`, `Name the interface: ${candidates.map(({ id, vpcId }) => `${id} in ${vpcId}`).join(", ")}.`);
  return chosen;
}

async function findNamed(tx: Tx, text: string): Promise<Named> {
  if (text === "internet") return { kind: "outside", address: undefined };
  if (parseIpv4(text) !== undefined) return findAddress(tx, text);
  if (parseIpv6(text) !== undefined) return findIpv6(tx, formatIpv6(parseIpv6(text) ?? 0n));
  const candidates = isId("instance", text) ? await findOfInstance(tx, text) : isId("networkInterface", text) ? await findInterface(tx, text) : undefined;
  if (candidates === undefined) throw refuse(`'${text}' is nothing that packets come from or go to.`, forms);
  if (candidates.length === 0) throw refuse(`There is no ${isId("instance", text) ? "instance with an interface" : "interface"} ${text}.`, "See ./hostelry status, or aws ec2 describe-network-interfaces");
  return { kind: "interfaces", text, candidates };
}

async function findAddress(tx: Tx, text: string): Promise<Named> {
  if (text.startsWith("169.254.")) throw refuse(`${text} is an address of the guest's own host.`, "Metadata, DHCP and names pass no group, ACL or route.");
  const candidates = [...(await findPrivate(tx, text)), ...(await findPublic(tx, text))];
  return candidates.length === 0 ? { kind: "outside", address: text } : { kind: "interfaces", text, candidates };
}

async function findIpv6(tx: Tx, text: string): Promise<Named> {
  if (/^(?:fe80|fd00:ec2):/.test(text)) throw refuse(`${text} is an address of the guest's own host.`, "Metadata, DHCP and names pass no group, ACL or route.");
  const rows = await tx.db
    .selectFrom("interface_ipv6_addresses")
    .innerJoin("network_interfaces", "network_interfaces.id", "interface_ipv6_addresses.interface_id")
    .select(["network_interfaces.id", "vpc_id"])
    .where("address", "=", text)
    .execute();
  const candidates = [...rows, ...(await findDelegated(tx, text))].map((row) => ({ id: row.id, vpcId: row.vpc_id, address: text, publicly: false }));
  return candidates.length === 0 ? { kind: "outside", address: text } : { kind: "interfaces", text, candidates };
}

/** Whoever has the IPv6 address as part of a prefix. */
async function findDelegated(tx: Tx, text: string): Promise<Pick<NetworkInterfaceRow, "id" | "vpc_id">[]> {
  const prefixes = tx.db.selectFrom("interface_ipv6_prefixes").innerJoin("network_interfaces", "network_interfaces.id", "interface_ipv6_prefixes.interface_id");
  const rows = await prefixes.select(["network_interfaces.id", "vpc_id", "prefix"]).execute();
  return rows.filter(({ prefix }) => isIpv6AddressIn(prefix, text));
}

async function findOfInstance(tx: Tx, id: InstanceId): Promise<Candidate[]> {
  const row = await tx.db.selectFrom("network_interfaces").select(["id", "vpc_id"]).where("instance_id", "=", id).orderBy("device_index").executeTakeFirst();
  return row === undefined ? [] : [{ id: row.id, vpcId: row.vpc_id, publicly: false }];
}

async function findInterface(tx: Tx, id: InterfaceId): Promise<Candidate[]> {
  const row = await tx.db.selectFrom("network_interfaces").select("vpc_id").where("id", "=", id).executeTakeFirst();
  return row === undefined ? [] : [{ id, vpcId: row.vpc_id, publicly: false }];
}

async function findPrivate(tx: Tx, address: string): Promise<Candidate[]> {
  const primary = await tx.db.selectFrom("network_interfaces").select(["id", "vpc_id"]).where("private_address", "=", address).execute();
  const secondary = await tx.db
    .selectFrom("interface_addresses")
    .innerJoin("network_interfaces", "network_interfaces.id", "interface_addresses.interface_id")
    .select(["network_interfaces.id", "vpc_id"])
    .where("address", "=", address)
    .execute();
  return [...primary, ...secondary].map((row) => ({ id: row.id, vpcId: row.vpc_id, address, publicly: false }));
}

async function findPublic(tx: Tx, address: string): Promise<Candidate[]> {
  const automatic = await tx.db.selectFrom("network_interfaces").select(["id", "vpc_id", "private_address"]).where("public_address", "=", address).execute();
  const elastic = await tx.db
    .selectFrom("elastic_ips")
    .innerJoin("network_interfaces", "network_interfaces.id", "elastic_ips.interface_id")
    .select(["network_interfaces.id", "vpc_id", "elastic_ips.private_address"])
    .where("elastic_ips.public_address", "=", address)
    .execute();
  return [...automatic, ...elastic].flatMap((row) => (row.private_address === null ? [] : [{ id: row.id, vpcId: row.vpc_id, address: row.private_address, publicly: true }]));
}
