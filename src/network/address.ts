/**
 * Giving out addresses. The table's unique keys are the promise that none is given twice; the choice here only has to be quick.
 */
import { insufficientFreeAddresses, invalidParameterValue, privateAddressInUse, insufficientAddressCapacity } from "../base/api-error.ts";
import { cidrContains, cidrSize, formatIpv4, isReservedInSubnet, parseCidr, parseIpv4, type Cidr } from "../base/ipv4.ts";
import type { InterfaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { Tx } from "../store/store.ts";
import type { SubnetRow } from "../store/network-tables.ts";

const randomTries = 16;

/** A free private address of the subnet: the one asked for, else a random one. Fails with EC2's code when taken or when none is left. */
export async function choosePrivateAddress(tx: Tx, subnet: SubnetRow, wanted: string | undefined, random: Random): Promise<string> {
  const cidr = requireCidr(subnet.cidr);
  if (wanted !== undefined) return requireFree(tx, subnet, cidr, wanted);
  for (let attempt = 0; attempt < randomTries; attempt++) {
    const address = cidr.base + (randomNumber(random) % cidrSize(cidr));
    if (isReservedInSubnet(cidr, address)) continue;
    const text = formatIpv4(address);
    if (!(await isTaken(tx, subnet.id, text))) return text;
  }
  return firstFree(tx, subnet, cidr);
}

/** How many addresses of the subnet can still be given out: its size less five and those in use. */
export function availableAddressCount(cidr: string, used: number): number {
  return cidrSize(requireCidr(cidr)) - 5 - used;
}

async function requireFree(tx: Tx, subnet: SubnetRow, cidr: Cidr, wanted: string): Promise<string> {
  const address = parseIpv4(wanted);
  if (address === undefined) throw invalidParameterValue(`Value (${wanted}) for parameter privateIpAddress is invalid. Invalid IPv4 address.`);
  if (!cidrContains(cidr, address)) throw invalidParameterValue(`Address ${wanted} does not fall within the subnet's address range`);
  if (isReservedInSubnet(cidr, address)) throw invalidParameterValue(`Address ${wanted} is in subnet's reserved address range`);
  if (await isTaken(tx, subnet.id, wanted)) throw privateAddressInUse(wanted);
  return wanted;
}

async function isTaken(tx: Tx, subnetId: string, address: string): Promise<boolean> {
  const row = await tx.db
    .selectFrom("network_interfaces")
    .select("id")
    .where("subnet_id", "=", subnetId as SubnetRow["id"]) // the caller's subnet row carries this id
    .where("private_address", "=", address)
    .executeTakeFirst();
  return row !== undefined;
}

async function firstFree(tx: Tx, subnet: SubnetRow, cidr: Cidr): Promise<string> {
  const rows = await tx.db.selectFrom("network_interfaces").select("private_address").where("subnet_id", "=", subnet.id).execute();
  const taken = new Set(rows.map((row) => row.private_address));
  for (let address = cidr.base; address < cidr.base + cidrSize(cidr); address++) {
    if (!isReservedInSubnet(cidr, address) && !taken.has(formatIpv4(address))) return formatIpv4(address);
  }
  throw insufficientFreeAddresses(subnet.id);
}

/** Gives a public address of the installation's pool to the interface. Kept until `releasePublicAddress`. */
export async function allocatePublicAddress(tx: Tx, pool: string, interfaceId: InterfaceId, random: Random, now: number): Promise<string> {
  const cidr = requireCidr(pool);
  const start = randomNumber(random) % cidrSize(cidr);
  for (let step = 0; step < cidrSize(cidr); step++) {
    const address = cidr.base + ((start + step) % cidrSize(cidr));
    if (isReservedInSubnet(cidr, address)) continue; // the pool's first addresses belong to the machine itself
    const { numInsertedOrUpdatedRows } = await tx.db
      .insertInto("public_addresses")
      .values({ address: formatIpv4(address), interface_id: interfaceId, allocated_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) return formatIpv4(address);
  }
  throw insufficientAddressCapacity();
}

export async function releasePublicAddress(tx: Tx, interfaceId: InterfaceId): Promise<void> {
  await tx.db.deleteFrom("public_addresses").where("interface_id", "=", interfaceId).execute();
}

function requireCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`the row holds no CIDR block: ${text}`);
  return cidr;
}

function randomNumber(random: Random): number {
  return random.bytes(4).reduce((number, byte) => number * 256 + byte, 0);
}
