/**
 * A VPC's namespace on this host: made when the first interface needs it, gone with the last. It holds the routers and resolvers
 * of the VPC's subnets, a route to each guest, address translation and the rules (`vpc-program.ts`), and the way to the VPC's
 * namespaces on other hosts.
 *
 * Every guest believes that its subnet is one wire. It is not: the router answers for every address of the subnet that has a
 * route elsewhere (proxy ARP) and forwards. An address without a guest has no route (the VPC's blocks are black holes) and no
 * answer, as on EC2.
 */
import { rmSync, writeFileSync } from "node:fs";
import type { VpcId } from "../../base/ids.ts";
import { batchScript, ipBatch, ipJson, namespacePath, parameterScript, runInNamespace } from "./command.ts";
import type { HostLinks } from "./host-links.ts";
import { routerParameters } from "./host-parameters.ts";
import { field } from "./json-field.ts";
import { hostLinkAddress, hostLinkIpv6, metadataAddress, metadataIpv6, overlayPort, resolverAddress, vpcLinkAddress, vpcLinkIpv6, vpcLinkServiceIpv6 } from "./link-addresses.ts";
import { listNamespaces, overlayDevice, peeringDevice, uplinkDevice, vpcDevice, wireDevice } from "./names.ts";
import { endProcessesIn } from "./namespace-processes.ts";

export interface VpcPlace {
  readonly vpc: VpcId;
  readonly namespace: string;
  /** Gives the namespace its address towards the host. */
  readonly linkNumber: number;
  readonly underlayBlock: string;
  /** The host's address on the underlay network. */
  readonly hostAddress: string;
  /** Of packets inside the VPC. */
  readonly mtu: number;
}

/** IPv6 is turned on when the VPC has it (`ipv6-lines.ts`). */
const parameters = { ...routerParameters, "ipv4/conf/default/proxy_arp": 1 };

/**
 * Makes the namespace and its link to the host if they are missing, and completes them unless this agent has (`isComplete`): an earlier one may have been killed
 * between its steps. True when the namespace is new, and so empty.
 */
export async function ensureVpcNamespace(place: VpcPlace, links: HostLinks, isComplete: boolean): Promise<boolean> {
  const found = listNamespaces(place.namespace).find(({ name }) => name === place.namespace);
  const device = vpcDevice(place.vpc);
  const fresh = found?.whole !== true;
  const isLinked = !fresh && links.has(device);
  if (isLinked && isComplete) return false;
  if (fresh) {
    if (found !== undefined) rmSync(namespacePath(place.namespace), { force: true });
    await ipBatch([`netns add ${place.namespace}`]);
  }
  await runInNamespace(place.namespace, parameterScript(parameters)); // its devices inherit them
  const address = vpcLinkAddress(place.linkNumber);
  await ipBatch([
    ...(links.has(device) && !isLinked ? [`link delete ${device}`] : []),
    ...(isLinked ? [] : [`link add ${device} type veth peer name ${uplinkDevice} netns ${place.namespace}`]),
    `address replace ${hostLinkAddress} peer ${address} dev ${device}`,
    `link set ${device} up`,
  ]);
  writeFileSync(`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, "0");
  await runInNamespace(
    place.namespace,
    [
      parameterScript({ [`ipv4/conf/${uplinkDevice}/proxy_arp`]: 0 }),
      ...batchScript("ip", [
        "link set lo up",
        `address replace ${resolverAddress}/32 dev lo`,
        `address replace ${metadataAddress}/32 dev lo`,
        `address replace ${address} peer ${hostLinkAddress} dev ${uplinkDevice}`,
        `link set ${uplinkDevice} up`,
        `route replace default via ${hostLinkAddress} dev ${uplinkDevice}`,
      ]),
    ].join(""),
  );
  return fresh;
}

/**
 * Makes the VPC's device towards other hosts unless it is there; from this, the host's namespace, its frames travel. Its own hardware address is the kernel's choice:
 * VXLAN takes frames from an equal one for its own.
 */
export async function ensureOverlay({ namespace, hostAddress, mtu }: VpcPlace, networkIdentifier: number): Promise<void> {
  const [found] = await ipJson(["-details", "link", "show", "dev", overlayDevice], namespace);
  const made = field(field(field(found, "linkinfo"), "info_data"), "id");
  if (made !== undefined && made !== networkIdentifier) await ipBatch([`link delete ${overlayDevice}`, `link delete ${peeringDevice}`], { namespace });
  if (made !== networkIdentifier) await ipBatch([`link add ${overlayDevice} netns ${namespace} type vxlan id ${networkIdentifier} local ${hostAddress} dstport ${overlayPort} nolearning`]);
  await ipBatch([`link set ${overlayDevice} mtu ${mtu} up`], { namespace });
}

/** The host's end of what guests with IPv6 reach of the host: its metadata service. */
export async function ensureServiceLink({ vpc, linkNumber }: VpcPlace): Promise<void> {
  const device = vpcDevice(vpc);
  await ipBatch([
    `address replace ${hostLinkIpv6}/64 dev ${device} nodad`,
    `address replace ${metadataIpv6}/128 dev ${device} nodad`,
    `route replace ${vpcLinkServiceIpv6(linkNumber)}/128 via ${vpcLinkIpv6} dev ${device}`,
  ]);
}

/** Ends what runs in the namespace and removes it with all that is in it. */
export async function removeVpcNamespace(namespace: string): Promise<void> {
  const found = listNamespaces(namespace).find(({ name }) => name === namespace);
  if (found === undefined) return;
  if (found.whole) {
    await endProcessesIn([namespace]);
    // Deleted with its devices by the kernel, but some time later; the pair's outer end, the overlay's identifier and the wire's address must be free at once.
    await ipBatch([uplinkDevice, overlayDevice, wireDevice].map((device) => `link delete ${device}`), { namespace, anyway: true });
    await ipBatch([`netns delete ${namespace}`]);
  } else {
    rmSync(namespacePath(namespace), { force: true });
  }
}
