/**
 * Endpoints' interfaces on this host: namespaces in a guest's place. Every host with the VPC has one of its own with the same addresses, so a packet never leaves
 * its guest's host. Nothing passes through. In a VPC endpoint's the agent listens for the services' ports, and nothing begins a connection; from an Instance
 * Connect Endpoint's it begins connections to guests, by the interface's own address or by that of the client whom it speaks for, and nobody reaches it.
 */
import { servicePorts } from "../protocol/service-connection.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { tunnelPorts } from "../protocol/stream.ts";
import { batchScript, parameterScript, rulesScript } from "./command.ts";
import { routerAddress } from "./dnsmasq-configuration.ts";
import { applianceDevice as device, ruleTable } from "./names.ts";

/** `enters`, `leaves`: the ports to which connections may begin, into the namespace and out of it. */
function endpointRules(enters: readonly number[], leaves: readonly number[]): string {
  const accept = (ports: readonly number[]) => (ports.length === 0 ? "" : `\n\t\ttcp dport { ${ports.join(", ")} } accept`);
  return `table ip ${ruleTable}
delete table ip ${ruleTable}
table ip ${ruleTable} {
	chain to_endpoint {
		type filter hook input priority filter; policy drop;
		ct state established,related accept${accept(enters)}
	}

	chain from_endpoint {
		type filter hook output priority filter; policy drop;
		ct state established,related accept${accept(leaves)}
	}
}
`;
}

/** Makes the namespace a VPC endpoint, for the first time or once more. */
export function endpointScript(nic: InterfaceSpecification): string {
  return script(nic, endpointRules([servicePorts.plain, servicePorts.secure], []));
}

/** The same of an Instance Connect Endpoint. */
export function connectEndpointScript(nic: InterfaceSpecification): string {
  return [script(nic, endpointRules([], tunnelPorts)), parameterScript({ "ipv4/conf/all/arp_announce": 2 }), ...batchScript("ip", anyAddressIsLocal, true)].join("");
}

/**
 * A connection may begin by any address, which is some client's, and its answers end here: to the kernel all addresses are local, but for what leaves, which asks the
 * main table alone. What is so already is no error.
 */
const anyAddressIsLocal = ["link set lo up", "route replace local default dev lo table local", `rule add pref 1 iif ${device} lookup local`, "rule delete pref 0"];

/** The router answers for the whole subnet, so there is no other neighbour. */
function script(nic: InterfaceSpecification, rules: string): string {
  const router = routerAddress(nic);
  const lines = [
    `address replace ${nic.privateAddress}/32 dev ${device}`,
    `link set ${device} up`,
    `route replace ${router} dev ${device} scope link`,
    `route replace default via ${router} dev ${device}`,
  ];
  return [...rulesScript(rules), parameterScript({ "ipv6/conf/all/disable_ipv6": 1 }), ...batchScript("ip", lines)].join("");
}
