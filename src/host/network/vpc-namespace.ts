/**
 * A VPC's namespace on this host: made when the first interface needs it, gone with the last. It holds the routers and resolvers
 * of the VPC's subnets, a route to each guest, address translation and the rules.
 *
 * Every guest believes that its subnet is one wire. It is not: the router answers for every address of the subnet that has a
 * route elsewhere (proxy ARP) and forwards. An address without a guest has no route (the VPC's blocks are black holes) and no
 * answer, as on EC2.
 */
import { rmSync } from "node:fs";
import type { VpcId } from "../../base/ids.ts";
import { ipBatch, namespacePath, parameterScript, runInNamespace } from "./command.ts";
import { vpcResolver } from "./dnsmasq-configuration.ts";
import type { HostLinks } from "./host-links.ts";
import { interfaceLines, interfaceParameters } from "./interface-link.ts";
import { hostLinkAddress, metadataAddress, resolverAddress, vpcLinkAddress } from "./link-addresses.ts";
import { interfaceDevices, listNamespaces, uplinkDevice, vpcDevice } from "./names.ts";
import { endProcessesIn } from "./namespace-processes.ts";
import type { KnownInterface } from "./network-state.ts";
import { vpcRules } from "./vpc-rules.ts";

export interface VpcPlace {
  readonly vpc: VpcId;
  readonly namespace: string;
  /** Gives the namespace its address towards the host. */
  readonly linkNumber: number;
  readonly underlayBlock: string;
}

/** Interfaces inherit these when they appear. Reverse path filters are off: the rules on each tap are stricter. */
const parameters = {
  "ipv6/conf/all/disable_ipv6": 1,
  "ipv6/conf/default/disable_ipv6": 1,
  "ipv4/ip_forward": 1,
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  "ipv4/conf/all/accept_redirects": 0,
  "ipv4/conf/default/accept_redirects": 0,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
  "ipv4/conf/default/proxy_arp": 1,
};

/** Makes the namespace and its link to the host if they are missing. True when the namespace is new, and so empty. */
export async function ensureVpcNamespace(place: VpcPlace, links: HostLinks): Promise<boolean> {
  const found = listNamespaces(place.namespace).find(({ name }) => name === place.namespace);
  const device = vpcDevice(place.vpc);
  if (found?.whole === true && links.has(device)) return false;
  const fresh = found?.whole !== true;
  if (fresh) {
    if (found !== undefined) rmSync(namespacePath(place.namespace), { force: true });
    await ipBatch([`netns add ${place.namespace}`]);
    await runInNamespace(place.namespace, parameterScript(parameters));
  }
  const address = vpcLinkAddress(place.linkNumber);
  await ipBatch([
    ...(links.has(device) ? [`link delete ${device}`] : []),
    `link add ${device} type veth peer name ${uplinkDevice} netns ${place.namespace}`,
    `address replace ${hostLinkAddress} peer ${address} dev ${device}`,
    `link set ${device} up`,
  ]);
  await runInNamespace(
    place.namespace,
    script({ [`ipv4/conf/${uplinkDevice}/proxy_arp`]: 0 }, [
      "link set lo up",
      `address replace ${resolverAddress}/32 dev lo`,
      `address replace ${metadataAddress}/32 dev lo`,
      `address replace ${address} peer ${hostLinkAddress} dev ${uplinkDevice}`,
      `link set ${uplinkDevice} up`,
      `route replace default via ${hostLinkAddress} dev ${uplinkDevice}`,
    ]),
  );
  return fresh;
}

/** Makes the namespace's addresses, routes and rules those of these interfaces. Devices of all of them must exist. */
export async function programVpcNamespace(place: VpcPlace, interfaces: readonly KnownInterface[]): Promise<void> {
  const specifications = interfaces.map(({ nic }) => nic);
  const [first] = specifications;
  if (first === undefined) return;
  const resolver = vpcResolver(first);
  const blocks = [...new Set(specifications.flatMap(({ vpc }) => vpc.cidrs))];
  const rules = vpcRules({ linkAddress: vpcLinkAddress(place.linkNumber), resolver, underlayBlock: place.underlayBlock, interfaces: interfaces.map(toRuleInput) });
  await runInNamespace(
    place.namespace,
    script(
      Object.assign({}, ...specifications.map(({ id }) => interfaceParameters(id))),
      [`address replace ${resolver}/32 dev lo`, ...blocks.map((block) => `route replace blackhole ${block}`), ...specifications.flatMap(interfaceLines)],
      rules,
    ),
  );
}

function toRuleInput({ nic, metadataPort, hopLimit }: KnownInterface) {
  return {
    device: interfaceDevices(nic.id).inner,
    privateAddress: nic.privateAddress,
    ...(nic.publicAddress === undefined ? {} : { publicAddress: nic.publicAddress }),
    metadataPort,
    hopLimit,
  };
}

/** Ends what runs in the namespace and removes it with all that is in it. */
export async function removeVpcNamespace(namespace: string): Promise<void> {
  const found = listNamespaces(namespace).find(({ name }) => name === namespace);
  if (found === undefined) return;
  if (found.whole) {
    await endProcessesIn([namespace]);
    // Deleted with its devices by the kernel, but some time later; the pair's outer end must be gone at once.
    await ipBatch([`link delete ${uplinkDevice}`], { namespace, anyway: true });
    await ipBatch([`netns delete ${namespace}`]);
  } else {
    rmSync(namespacePath(namespace), { force: true });
  }
}

/** One shell script: parameters, then addresses and routes, then rules; one process enters the namespace for all three. */
function script(values: Readonly<Record<string, number>>, lines: readonly string[], rules?: string): string {
  const load = rules === undefined ? "" : `nft -f - <<'END_OF_RULES'\n${rules}END_OF_RULES\n`;
  return `${parameterScript(values)}ip -batch - <<'END_OF_LINES'\n${lines.join("\n")}\nEND_OF_LINES\n${load}`;
}
