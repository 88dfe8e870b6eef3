/**
 * The services of this installation as a VPC meets them: their public names, which every resolver of a VPC knows, and those that an endpoint in a VPC may be
 * for (facts §7.11). A gateway endpoint's services do not exist here; such an endpoint is a route that no packet takes.
 */
import { regions } from "./regions.ts";

export type EndpointType = "Gateway" | "Interface";

export interface EndpointService {
  /** As in a credential scope and in names. */
  readonly name: string;
  readonly type: EndpointType;
}

const gatewayServices = ["dynamodb", "s3"];
/** Those that have a name in each region. */
const regionalServices = ["cloudtrail", "ebs", "ec2", "ec2-instance-connect", "ssm", "sts"];
const globalNames = ["ec2.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com"];

export const endpointServices: readonly EndpointService[] = [
  ...gatewayServices.map((name) => ({ name, type: "Gateway" as const })),
  ...regionalServices.map((name) => ({ name, type: "Interface" as const })),
];

/** `com.amazonaws.us-east-1.ec2`. */
export function endpointServiceName(region: string, { name }: Pick<EndpointService, "name">): string {
  return `com.amazonaws.${region}.${name}`;
}

export function findEndpointService(region: string, serviceName: string): EndpointService | undefined {
  return endpointServices.find((service) => endpointServiceName(region, service) === serviceName);
}

/** `ec2.us-east-1.amazonaws.com`: where clients look for the service unless they are told otherwise. */
export function serviceHostName(region: string, service: string): string {
  return `${service}.${region}.amazonaws.com`;
}

/** What the names of all endpoints end in. */
export const endpointNames = "vpce.amazonaws.com";

/** The same of those for one service in a region: `ec2.us-east-1.vpce.amazonaws.com`. */
export function endpointDomain(region: string, service: string): string {
  return `${service}.${region}.${endpointNames}`;
}

/** Every name by which clients look for a service of any region. */
export function publicServiceNames(): readonly string[] {
  return [...globalNames, ...regions.flatMap(({ name }) => regionalServices.map((service) => serviceHostName(name, service)))];
}

/** The names of one endpoint: for all of its interfaces, and for the one in each zone. The digits after its id are always the same. */
export function endpointHostNames(endpointId: string, region: string, service: string): { readonly all: string; readonly inZone: (zone: string) => string } {
  const digits = endpointId.slice(endpointId.lastIndexOf("-") + 1);
  const label = `${endpointId}-${digits.slice(-8)}`;
  const domain = endpointDomain(region, service);
  return { all: `${label}.${domain}`, inZone: (zone) => `${label}-${zone}.${domain}` };
}
