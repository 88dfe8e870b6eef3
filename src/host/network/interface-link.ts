/**
 * The devices of one interface: the tap that the engine opens, and the pair that leads into the VPC's namespace. Both stay for
 * the interface's life, whether an engine has the tap open or not, so starting, stopping and crashing engines need no change here.
 *
 * Where the guest has a virtual function of a network card, the function's VLAN of the card is in the tap's place, under its name. It has the router's hardware
 * address, so that the card hands the guest's packets in.
 */
import { writeFileSync } from "node:fs";
import type { InterfaceId } from "../../base/ids.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { ipBatch, loadRules } from "./command.ts";
import { functionVlan } from "../virtual-function/choose-function.ts";
import type { HostLinks } from "./host-links.ts";
import { interfaceDevices } from "./names.ts";
import type { KnownInterface } from "./network-state.ts";

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
  { namespace, mtu }: { readonly namespace: string; readonly mtu: number },
  links: HostLinks,
  { tapUser: user, cardFunction }: Pick<KnownInterface, "tapUser" | "cardFunction">,
  renewTap: boolean,
): Promise<boolean> {
  const { tap, outer, inner } = interfaceDevices(nic.id);
  const madeAs = cardFunction === undefined
    ? `tuntap add dev ${tap} mode tap${user === undefined ? "" : ` user ${user.uid}`}`
    : `link add link ${cardFunction.device} name ${tap} address ${routerMac} type vlan id ${functionVlan(cardFunction)}`;
  const lines = [
    ...(links.has(tap) && renewTap ? [`link delete ${tap}`] : []),
    ...(links.has(tap) && !renewTap ? [] : [madeAs, `link set ${tap} mtu ${mtu} allmulticast on up`]),
    ...(links.has(outer) ? [] : [`link add ${outer} mtu ${mtu} type veth peer name ${inner} address ${routerMac} mtu ${mtu} netns ${namespace}`, `link set ${outer} up`]),
  ];
  await ipBatch(lines);
  // Until its rules are loaded the tap is one of the host's own devices; it must not answer for the host's addresses.
  writeFileSync(`/proc/sys/net/ipv4/conf/${tap}/arp_ignore`, "8");
  return lines.length > 0;
}

/** Removes the devices and rules of interfaces, also when some are gone already. */
export async function removeInterfaceLinks(ids: readonly InterfaceId[]): Promise<void> {
  if (ids.length === 0) return;
  const devices = ids.map(interfaceDevices);
  // Named first, so that deleting a table that is not there is no error.
  await loadRules(devices.map(({ tap }) => `table netdev ${tap}\ndelete table netdev ${tap}\n`).join(""));
  await ipBatch(devices.flatMap(({ tap, outer }) => [`link delete ${tap}`, `link delete ${outer}`]), { anyway: true });
}
