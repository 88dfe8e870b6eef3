/** How hosts on other machines reach the control plane: at the machine's own address on the underlay network. */
import { formatIpv4, parseCidr } from "../../base/ipv4.ts";
import { joinPort } from "../../host/protocol/joining.ts";

export function entranceAddress(underlay: string): string {
  const block = parseCidr(underlay);
  if (block === undefined) throw new Error(`${underlay} is no CIDR block`);
  return formatIpv4(block.base + 1);
}

export function entranceUrl(underlay: string): string {
  return `https://${entranceAddress(underlay)}:${joinPort}`;
}
