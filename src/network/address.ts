/**
 * Giving out addresses. The table's unique keys are the promise that none is given twice; the choice here only has to be quick.
 */
import { addressNotFound, insufficientFreeAddresses, invalidParameterValue, privateAddressInUse, insufficientAddressCapacity } from "../base/api-error.ts";
import { cidrContains, cidrSize, formatIpv4, isReservedInSubnet, parseIpv4, type Cidr } from "../base/ipv4.ts";
import type { Id, InterfaceId, SubnetId } from "../base/ids.ts";
import { randomNumber, type Random } from "../base/random.ts";
import { isEmptyTable, prepare, prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { SubnetRow } from "../store/network-tables.ts";
import { blockOf } from "./cidr-block.ts";

const randomTries = 16;

/** A free private address of the subnet: the one asked for, else a random one that is none of `besides`. Fails with EC2's code when taken or when none is left. */
export async function choosePrivateAddress(tx: Tx, subnet: SubnetRow, wanted: string | undefined, random: Random, besides: readonly string[] = []): Promise<string> {
  if (wanted === undefined) return chooseFreeAddress(tx, subnet, random, besides);
  requireInSubnet(subnet, wanted);
  if (await isTaken(tx, subnet.id, wanted)) throw privateAddressInUse(wanted);
  return wanted;
}

/** A random free private address of the subnet that is none of `besides`. */
export async function chooseFreeAddress(tx: Tx, subnet: SubnetRow, random: Random, besides: readonly string[]): Promise<string> {
  const cidr = blockOf(subnet.cidr);
  for (let attempt = 0; attempt < randomTries; attempt++) {
    const address = cidr.base + (randomNumber(random) % cidrSize(cidr));
    if (isReservedInSubnet(cidr, address)) continue;
    const text = formatIpv4(address);
    if (!besides.includes(text) && !(await isTaken(tx, subnet.id, text))) return text;
  }
  return firstFree(tx, subnet, cidr, besides);
}

/** How many addresses of the subnet can still be given out: its size less five and those in use. */
export function availableAddressCount(cidr: string, used: number): number {
  return cidrSize(blockOf(cidr)) - 5 - used;
}

/** Fails when the text is no address that an interface of the subnet could have. */
export function requireInSubnet(subnet: SubnetRow, wanted: string): void {
  const cidr = blockOf(subnet.cidr);
  const address = parseIpv4(wanted);
  if (address === undefined) throw invalidParameterValue(`Value (${wanted}) for parameter privateIpAddress is invalid. Invalid IPv4 address.`);
  if (!cidrContains(cidr, address)) throw invalidParameterValue(`Address ${wanted} does not fall within the subnet's address range`);
  if (isReservedInSubnet(cidr, address)) throw invalidParameterValue(`Address ${wanted} is in subnet's reserved address range`);
}

export interface AddressHolder {
  readonly id: InterfaceId;
  readonly primary: boolean;
  /** It has the address as part of a prefix. */
  readonly inPrefix: boolean;
}

/** The interface that has the address in the subnet, as its primary or as a secondary one. */
export async function findHolder(tx: Tx, subnetId: SubnetId, address: string): Promise<AddressHolder | undefined> {
  const [primary] = await selectPrimaryHolder(tx, { subnetId, address });
  if (primary !== undefined) return { id: primary.id, primary: true, inPrefix: false };
  if (await isEmptyTable(tx, "interface_addresses")) return undefined;
  const [secondary] = await selectSecondaryHolder(tx, { subnetId, address });
  return secondary === undefined ? undefined : { id: secondary.interface_id, primary: false, inPrefix: secondary.prefix !== null };
}

interface AddressKey {
  readonly subnetId: SubnetId;
  readonly address: string;
}

const selectPrimaryHolder = prepare((db, { subnetId, address }: AddressKey) =>
  db.selectFrom("network_interfaces").select("id").where("subnet_id", "=", subnetId).where("private_address", "=", address),
);
const selectSecondaryHolder = prepare((db, { subnetId, address }: AddressKey) =>
  db.selectFrom("interface_addresses").select(["interface_id", "prefix"]).where("subnet_id", "=", subnetId).where("address", "=", address),
);

async function isTaken(tx: Tx, subnetId: SubnetId, address: string): Promise<boolean> {
  return (await findHolder(tx, subnetId, address)) !== undefined;
}

async function firstFree(tx: Tx, subnet: SubnetRow, cidr: Cidr, besides: readonly string[]): Promise<string> {
  const primary = await tx.db.selectFrom("network_interfaces").select("private_address as address").where("subnet_id", "=", subnet.id).execute();
  const secondary = await tx.db.selectFrom("interface_addresses").select("address").where("subnet_id", "=", subnet.id).execute();
  const taken = new Set([...[...primary, ...secondary].map((row) => row.address), ...besides]);
  for (let address = cidr.base; address < cidr.base + cidrSize(cidr); address++) {
    if (!isReservedInSubnet(cidr, address) && !taken.has(formatIpv4(address))) return formatIpv4(address);
  }
  throw insufficientFreeAddresses(subnet.id);
}

/** Who has a public address: an interface its automatic one, or an account's allocation. */
type Holder = InterfaceId | Id<"elasticIp">;

/** Gives a free public address of the installation's pool to the holder. Kept until `releasePublicAddress`. */
export async function allocatePublicAddress(tx: Tx, holder: Holder, random: Random, now: number): Promise<string> {
  const cidr = await readPool(tx);
  const start = randomNumber(random) % cidrSize(cidr);
  for (let step = 0; step < cidrSize(cidr); step++) {
    const address = cidr.base + ((start + step) % cidrSize(cidr));
    if (isReservedInSubnet(cidr, address)) continue; // the pool's first addresses belong to the machine itself
    if (await claim(tx, formatIpv4(address), holder, now)) return formatIpv4(address);
  }
  throw insufficientAddressCapacity();
}

/** Gives this public address to the holder, if it is of the pool and nobody has it. */
export async function claimPublicAddress(tx: Tx, wanted: string, holder: Holder, now: number): Promise<void> {
  if (!(await isPublicAddressFree(tx, wanted)) || !(await claim(tx, wanted, holder, now))) throw addressNotFound(wanted);
}

export async function isPublicAddressFree(tx: Tx, wanted: string): Promise<boolean> {
  const cidr = await readPool(tx);
  const address = parseIpv4(wanted);
  if (address === undefined || !cidrContains(cidr, address) || isReservedInSubnet(cidr, address)) return false;
  return (await tx.db.selectFrom("public_addresses").select("address").where("address", "=", wanted).executeTakeFirst()) === undefined;
}

async function claim(tx: Tx, address: string, holder: Holder, now: number): Promise<boolean> {
  return (await insertUntaken(tx, { address, holder, now })).length === 1;
}

/** No row comes back for an address that is taken already. */
const insertUntaken = prepare((db, { address, holder, now }: { address: string; holder: Holder; now: number }) =>
  db
    .insertInto("public_addresses")
    .values({ address, holder_id: holder, allocated_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning("address"),
);

export async function releasePublicAddress(tx: Tx, holder: Holder): Promise<void> {
  await tx.db.deleteFrom("public_addresses").where("holder_id", "=", holder).execute();
}

async function readPool(tx: Tx): Promise<Cidr> {
  const [pool] = await selectPool(tx, {});
  if (pool === undefined) throw new Error("the installation has no pool of public addresses");
  return blockOf(pool.value);
}

const selectPool = prepareKept((db) => db.selectFrom("settings").select("value").where("name", "=", "public_pool"));
