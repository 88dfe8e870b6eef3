/** Removes what carries this host's names but belongs to no known interface: the leavings of a crash or of a lost state file. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import { ignoreFailedCommand, ipBatch, runCommand } from "./command.ts";
import { removeDnsmasqFiles } from "./dnsmasq.ts";
import { readHostLinks } from "./host-links.ts";
import { interfaceDevices, listNamespaces, vpcDevice, vpcNamespace, vpcNamespacePrefix } from "./names.ts";
import { removeVpcNamespace } from "./vpc-namespace.ts";

export interface KnownNames {
  readonly installation: string;
  readonly hostId: string;
  /** One directory a VPC, by its id. */
  readonly vpcDirectories: string;
  readonly interfaces: readonly InterfaceId[];
  readonly vpcs: readonly VpcId[];
}

export async function removeStrangers(known: KnownNames): Promise<void> {
  const { installation, hostId, vpcDirectories } = known;
  const namespaces = new Set(known.vpcs.map((vpc) => vpcNamespace(installation, hostId, vpc)));
  const prefix = vpcNamespacePrefix(installation, hostId);
  // A node's id may begin with this host's: only what ends in an id's digits is a VPC's.
  const found = listNamespaces(prefix).filter(({ name }) => /^[0-9a-f]{8,12}$/.test(name.slice(prefix.length)));
  for (const { name } of found) if (!namespaces.has(name)) await removeVpcNamespace(name);
  const devices = new Set([...known.interfaces.map(interfaceDevices).flatMap(({ tap, outer }) => [tap, outer]), ...known.vpcs.map(vpcDevice)]);
  const strange = [...readHostLinks()].filter((name) => /^(?:tap|vet|vpc)[0-9a-f]{8,12}$/.test(name) && !devices.has(name));
  for (const tap of strange.filter((name) => name.startsWith("tap"))) await runCommand("nft", ["delete", "table", "netdev", tap]).catch(ignoreFailedCommand);
  await ipBatch(strange.map((name) => `link delete ${name}`), { anyway: true });
  const directories = new Set<string>(known.vpcs);
  for (const name of readdirSync(vpcDirectories)) if (!directories.has(name)) removeDnsmasqFiles(join(vpcDirectories, name));
}
