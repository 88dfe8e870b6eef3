/** DHCP option sets: never changed, only exchanged for another (facts §7.9). */
import { hasDependencies, invalidParameterValue, invalidValueOf } from "../base/api-error.ts";
import { parseIpv4 } from "../base/ipv4.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { privateDnsDomain } from "../base/regions.ts";
import type { NetworkTables } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import type { NetworkOwner } from "./vpc.ts";

export type DhcpOptionsRow = NetworkTables["dhcp_options"];

/** Values by key. */
export type DhcpConfiguration = Readonly<Record<string, readonly string[]>>;

/** In place of an id: a VPC with no options at all. */
export const noDhcpOptions = "default";
/** In place of name servers: the VPC's own resolver. */
export const ownResolver = "AmazonProvidedDNS";

const isAddress = (value: string) => parseIpv4(value) !== undefined;
const isDomainName = (value: string) => /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(value) && value.length <= 253;

const keys: Readonly<Record<string, { readonly most: number; readonly isValid: (value: string) => boolean }>> = {
  "domain-name": { most: 1, isValid: isDomainName },
  "domain-name-servers": { most: 4, isValid: (value) => value === ownResolver || isAddress(value) },
  "ntp-servers": { most: 4, isValid: isAddress },
  "netbios-name-servers": { most: 4, isValid: isAddress },
  "netbios-node-type": { most: 1, isValid: (value) => ["1", "2", "4", "8"].includes(value) },
  "ipv6-address-preferred-lease-time": { most: 1, isValid: (value) => /^\d{3,10}$/.test(value) && Number(value) >= 140 && Number(value) <= 2_147_483_647 },
};

interface ConfigurationRequest {
  readonly Key?: string | undefined;
  readonly Values?: readonly string[] | undefined;
}

/** The request's values by key. Fails for an unknown or repeated key, and for values that the key cannot have. */
export function parseDhcpConfiguration(requests: readonly ConfigurationRequest[]): DhcpConfiguration {
  const parsed = new Map<string, readonly string[]>();
  for (const { Key: key = "", Values: values = [] } of requests) {
    const rule = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (rule === undefined) throw invalidParameterValue(`Value (${key}) for parameter key is invalid. Unknown DHCP option.`);
    if (parsed.has(key)) throw invalidParameterValue(`The DHCP option ${key} was specified more than once.`);
    if (values.length === 0 || values.length > rule.most) throw invalidParameterValue(`The DHCP option ${key} takes 1 to ${rule.most} values.`);
    const bad = values.find((value) => !rule.isValid(value));
    if (bad !== undefined) throw invalidValueOf(key, bad);
    if (values.includes(ownResolver) && values.length > 1) throw invalidParameterValue(`${ownResolver} cannot be combined with other name servers.`);
    parsed.set(key, values);
  }
  if (parsed.size === 0) throw invalidParameterValue("At least one DHCP option must be specified.");
  return Object.fromEntries(parsed);
}

export async function createDhcpOptions(tx: Tx, { account, region }: NetworkOwner, configuration: DhcpConfiguration, random: Random): Promise<DhcpOptionsRow> {
  const row: DhcpOptionsRow = { id: newId("dhcpOptions", random), account, region, is_default: 0, configuration: JSON.stringify(configuration) };
  await tx.db.insertInto("dhcp_options").values(row).execute();
  return row;
}

/** What the set says; the region's default one names the VPC's own resolver and the region's domain. */
export function dhcpConfigurationOf({ configuration, region }: Pick<DhcpOptionsRow, "configuration" | "region">): DhcpConfiguration {
  if (configuration === null) return { "domain-name": [privateDnsDomain(region)], "domain-name-servers": [ownResolver] };
  return JSON.parse(configuration) as DhcpConfiguration; // written by createDhcpOptions
}

/** Fails while a VPC has the set. */
export async function requireUnusedOptions(tx: Tx, { id }: DhcpOptionsRow): Promise<void> {
  const vpc = await tx.db.selectFrom("vpcs").select("id").where("dhcp_options_id", "=", id).executeTakeFirst();
  if (vpc !== undefined) throw hasDependencies("dhcpOptions", id);
}

export async function deleteDhcpOptions(tx: Tx, { id }: DhcpOptionsRow): Promise<void> {
  await tx.db.deleteFrom("dhcp_options").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}
