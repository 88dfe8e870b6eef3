/** What CreateVpc and AssociateVpcCidrBlock say of an IPv6 block. */
import { invalidParameterCombination, invalidValueOf, missingParameter, unsupportedRequest } from "../../base/api-error.ts";

interface Ipv6BlockRequest {
  readonly AmazonProvidedIpv6CidrBlock?: boolean | undefined;
  readonly Ipv6CidrBlock?: string | undefined;
  readonly Ipv6Pool?: string | undefined;
  readonly Ipv6IpamPoolId?: string | undefined;
  readonly Ipv6CidrBlockNetworkBorderGroup?: string | undefined;
}

/** Whether the request is for a block of Amazon's. Fails for one of the caller's own: there is no way to bring one. */
export function requireAmazonIpv6(region: string, request: Ipv6BlockRequest): boolean {
  const { AmazonProvidedIpv6CidrBlock: amazon = false, Ipv6CidrBlock: own, Ipv6Pool: pool, Ipv6IpamPoolId: ipam, Ipv6CidrBlockNetworkBorderGroup: group } = request;
  if (amazon && (own ?? pool ?? ipam) !== undefined) throw invalidParameterCombination("The parameter amazonProvidedIpv6CidrBlock cannot be used with a block or pool of one's own.");
  if (own !== undefined && (pool ?? ipam) === undefined) throw missingParameter("ipv6Pool");
  if ((pool ?? ipam) !== undefined) throw unsupportedRequest("IPv6 blocks of one's own and IPAM pools are not supported yet.");
  if (group !== undefined && group !== region) throw invalidValueOf("ipv6CidrBlockNetworkBorderGroup", group, `Expecting ${region}.`);
  return amazon;
}
