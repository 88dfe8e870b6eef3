/** Network interfaces as requests describe them, to be made or taken as they are (facts §1.5, §7.4). */
import type { InstanceNetworkInterfaceSpecification, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { invalidParameter, invalidParameterCombination, invalidParameterValue, parametersExclude, unsupportedRequest } from "../base/api-error.ts";
import type { SecondaryRequest } from "../network/interface-addresses.ts";
import { parseIpv6Request, type Ipv6Request } from "../network/ipv6-addresses.ts";

export type InterfaceRequest = Partial<InstanceNetworkInterfaceSpecification>;

interface AddressRequest {
  readonly PrivateIpAddress?: string | undefined;
  readonly PrivateIpAddresses?: readonly { readonly Primary?: boolean | undefined; readonly PrivateIpAddress?: string | undefined }[] | undefined;
  readonly SecondaryPrivateIpAddressCount?: number | undefined;
}

/** The primary address, if the request names one, and the secondary ones, by name or by number. */
export function parseAddresses(request: AddressRequest): { readonly primary: string | undefined; readonly secondary: SecondaryRequest } {
  const listed = request.PrivateIpAddresses ?? [];
  const primaries = [request.PrivateIpAddress, ...listed.filter((each) => each.Primary === true).map((each) => each.PrivateIpAddress)].filter((each) => each !== undefined);
  if (primaries.length > 1) throw invalidParameterCombination("Only one primary private IP address can be specified.");
  const addresses = listed.filter((each) => each.Primary !== true).flatMap((each) => each.PrivateIpAddress ?? []);
  const count = request.SecondaryPrivateIpAddressCount ?? 0;
  if (addresses.length > 0 && count > 0) throw parametersExclude("secondaryPrivateIpAddressCount", "privateIpAddresses");
  if (!Number.isInteger(count) || count < 0) throw invalidParameterValue(`Value (${count}) for parameter secondaryPrivateIpAddressCount is invalid.`);
  if (new Set([...addresses, ...primaries]).size < addresses.length + primaries.length) throw invalidParameterValue("A private IP address was specified more than once.");
  return { primary: primaries[0], secondary: { addresses, count } };
}

const unsupported = ["PrimaryIpv6", "EnablePrimaryIpv6"] as const;

/** Refuses what no interface can have yet. */
export function refuseUnsupported(request: { readonly [Name in (typeof unsupported)[number]]?: unknown }): void {
  if (unsupported.some((name) => (request[name] ?? false) !== false)) throw unsupportedRequest("Primary IPv6 addresses are not supported yet.");
}

/** The IPv6 addresses that a launch wants for an interface: only one without a description has them from the request itself. */
export function parseLaunchIpv6(request: InterfaceRequest, input: RunInstancesCommandInput): Ipv6Request {
  const isDescribed = (input.NetworkInterfaces ?? []).length > 0;
  const listed = (isDescribed ? request.Ipv6Addresses : input.Ipv6Addresses) ?? [];
  const wanted = parseIpv6Request({ Ipv6Addresses: listed.flatMap((each) => each.Ipv6Address ?? []), Ipv6AddressCount: isDescribed ? request.Ipv6AddressCount : input.Ipv6AddressCount });
  if (wanted.addresses.length > 0 && (input.MaxCount ?? 1) > 1) throw invalidParameterCombination("IPv6 addresses can be specified only when launching a single instance.");
  return wanted;
}

/** The interfaces of a launch in order of their index: those described, else one with nothing said about it. */
export function requireInterfaceRequests(input: RunInstancesCommandInput): readonly InterfaceRequest[] {
  const requests = input.NetworkInterfaces ?? [];
  if (requests.length === 0) return [{}];
  if (input.SubnetId !== undefined) throw parametersExclude("networkInterfaces", "subnetId");
  if ((input.SecurityGroupIds ?? input.SecurityGroups ?? []).length > 0) {
    throw invalidParameterCombination("Network interfaces and an instance-level security groups may not be specified on the same request");
  }
  if (input.PrivateIpAddress !== undefined) throw parametersExclude("networkInterfaces", "privateIpAddress");
  if ((input.Ipv6Addresses ?? []).length > 0 || input.Ipv6AddressCount !== undefined) {
    throw invalidParameterCombination("Network interfaces and instance-level IPv6 addresses may not be specified on the same request");
  }
  const indexes = requests.map((request) => request.DeviceIndex ?? 0);
  if (!indexes.includes(0)) throw invalidParameter("You must specify a network interface at device index 0.");
  if (new Set(indexes).size < indexes.length) throw invalidParameter("Each network interface requires a unique device index.");
  for (const request of requests) requireRequest(request, requests.length, input);
  return requests.toSorted((a, b) => (a.DeviceIndex ?? 0) - (b.DeviceIndex ?? 0));
}

function requireRequest(request: InterfaceRequest, together: number, input: RunInstancesCommandInput): void {
  refuseUnsupported(request);
  if (request.AssociatePublicIpAddress === true && together > 1) {
    throw invalidParameterCombination("The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.");
  }
  if (request.NetworkInterfaceId === undefined) return;
  if ((input.MaxCount ?? 1) > 1) throw invalidParameterCombination("An existing network interface can be specified only when launching a single instance.");
  if (request.AssociatePublicIpAddress !== undefined) {
    throw invalidParameterCombination("The associatePublicIPAddress parameter cannot be specified for an existing network interface.");
  }
  const further = [request.Ipv6Addresses?.[0], request.Ipv6AddressCount, request.Ipv4Prefixes?.[0], request.Ipv4PrefixCount, request.Ipv6Prefixes?.[0], request.Ipv6PrefixCount];
  const own = [request.SubnetId, request.PrivateIpAddress, request.Description, request.Groups?.[0], request.PrivateIpAddresses?.[0], request.SecondaryPrivateIpAddressCount, ...further];
  if (own.some((each) => each !== undefined)) {
    throw invalidParameterCombination("The subnet, groups, addresses and description of an existing network interface cannot be specified.");
  }
  if (request.DeleteOnTermination === true) throw invalidParameterCombination("DeleteOnTermination cannot be set for an existing network interface.");
}
