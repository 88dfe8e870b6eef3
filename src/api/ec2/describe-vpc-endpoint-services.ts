import type { ServiceDetail } from "@aws-sdk/client-ec2";
import { endpointServiceNotFound } from "../../base/api-error.ts";
import { endpointDomain, endpointServiceName, endpointServices, serviceHostName, type EndpointService } from "../../base/endpoint-services.ts";
import { findRegion } from "../../base/regions.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** The services that an endpoint in this region may be for. */
export const DescribeVpcEndpointServices = defineDescribe({
  name: "DescribeVpcEndpointServices",
  supported: "this installation's services, and S3 and DynamoDB",
  list: ({ input: { ServiceNames: names = [], ServiceRegions: regions = [] }, caller: { region } }) => {
    const all = endpointServices.map((service) => toServiceDetail(region, service));
    const missing = names.find((name) => !all.some((service) => service.ServiceName === name));
    if (missing !== undefined) throw endpointServiceNotFound(missing);
    return all.filter((service) => (names.length === 0 || names.includes(service.ServiceName ?? "")) && (regions.length === 0 || regions.includes(region)));
  },
  key: (service) => service.ServiceName ?? "",
  filters: {
    fields: {
      owner: (service) => service.Owner,
      "service-name": (service) => service.ServiceName,
      "service-region": (service) => service.ServiceRegion,
      "service-type": (service) => service.ServiceType?.flatMap(({ ServiceType: type }) => type ?? []),
      "supported-ip-address-types": (service) => service.SupportedIpAddressTypes,
    },
  },
  page: { minimum: 5, maximum: 1000 },
  output: (rows, nextToken) => ({ ServiceNames: rows.flatMap(({ ServiceName: name }) => name ?? []), ServiceDetails: [...rows], ...nextTokenField(nextToken) }),
});

function toServiceDetail(region: string, service: EndpointService): ServiceDetail {
  const { name, type } = service;
  const isInterface = type === "Interface";
  return {
    ServiceName: endpointServiceName(region, service),
    ServiceType: [{ ServiceType: type }],
    ServiceRegion: region,
    AvailabilityZones: (findRegion(region)?.zones ?? []).map((letter) => `${region}${letter}`),
    Owner: "amazon",
    BaseEndpointDnsNames: [isInterface ? endpointDomain(region, name) : serviceHostName(region, name)],
    ...(isInterface ? { PrivateDnsName: serviceHostName(region, name), PrivateDnsNames: [{ PrivateDnsName: serviceHostName(region, name) }], PrivateDnsNameVerificationState: "verified" } : {}),
    VpcEndpointPolicySupported: true,
    AcceptanceRequired: false,
    ManagesVpcEndpoints: false,
    SupportedIpAddressTypes: ["ipv4"],
    Tags: [],
  };
}
