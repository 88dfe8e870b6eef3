/**
 * The devices of one interface: the tap that the engine opens, and the pair that leads into the VPC's namespace. Both stay for
 * the interface's life, whether an engine has the tap open or not, so starting, stopping and crashing engines need no change here.
 */
import { writeFileSync } from "node:fs";
import type { InterfaceId } from "../../base/ids.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { ipBatch, loadRules } from "./command.ts";
import { routerAddress, subnetPrefix } from "./dnsmasq-configuration.ts";
import type { HostLinks } from "./host-links.ts";
import { interfaceDevices } from "./names.ts";

export interface TapUser {
  readonly uid: number;
  readonly gid: number;
}

/** Every subnet's router has this hardware address, on every host. */
export const routerMac = "02:ec:2a:00:00:01";

/**
 * Makes the devices that are missing, the tap for the user to open; true when any was. `renewTap`: the tap that is there belongs
 * to another user.
 */
export async function ensureInterfaceLink(
  nic: InterfaceSpecification,
  namespace: string,
  links: HostLinks,
  user: TapUser | undefined,
  renewTap: boolean,
): Promise<boolean> {
  const { tap, outer, inner } = interfaceDevices(nic.id);
  const lines = [
    ...(links.has(tap) && renewTap ? [`link delete ${tap}`] : []),
    ...(links.has(tap) && !renewTap ? [] : [`tuntap add dev ${tap} mode tap${user === undefined ? "" : ` user ${user.uid}`}`, `link set ${tap} up`]),
    ...(links.has(outer) ? [] : [`link add ${outer} type veth peer name ${inner} address ${routerMac} netns ${namespace}`, `link set ${outer} up`]),
  ];
  await ipBatch(lines);
  // Until its rules are loaded the tap is one of the host's own devices; it must not answer for the host's addresses.
  writeFileSync(`/proc/sys/net/ipv4/conf/${tap}/arp_ignore`, "8");
  return lines.length > 0;
}

/** `ip` lines for the VPC's namespace; each may be repeated. The neighbour is fixed: no guest can talk another's address away. */
export function interfaceLines(nic: InterfaceSpecification): readonly string[] {
  const { inner } = interfaceDevices(nic.id);
  const router = routerAddress(nic);
  return [
    `link set ${inner} up`,
    `address replace ${router}/${subnetPrefix(nic)} dev ${inner} noprefixroute`,
    `route replace ${nic.privateAddress}/32 dev ${inner} src ${router}`,
    `neigh replace ${nic.privateAddress} lladdr ${nic.mac} dev ${inner} nud permanent`,
  ];
}

/** Kernel parameters of the device in the VPC's namespace: answer for the rest of the subnet at once. */
export function interfaceParameters(id: InterfaceId): Readonly<Record<string, number>> {
  return { [`ipv4/neigh/${interfaceDevices(id).inner}/proxy_delay`]: 0 };
}

/** Removes the devices and rules of interfaces, also when some are gone already. */
export async function removeInterfaceLinks(ids: readonly InterfaceId[]): Promise<void> {
  if (ids.length === 0) return;
  const devices = ids.map(interfaceDevices);
  // Named first, so that deleting a table that is not there is no error.
  await loadRules(devices.map(({ tap }) => `table netdev ${tap}\ndelete table netdev ${tap}\n`).join(""));
  await ipBatch(devices.flatMap(({ tap, outer }) => [`link delete ${tap}`, `link delete ${outer}`]), { anyway: true });
}
