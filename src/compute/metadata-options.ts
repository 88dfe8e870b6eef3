/** The options of an instance's metadata service: defaults, and what a request may ask for (facts §8.2). */
import { invalidParameterValue, invalidValueOf } from "../base/api-error.ts";
import { requireChoice } from "./choice.ts";

export interface MetadataOptions {
  readonly httpEndpoint: "enabled" | "disabled";
  readonly httpTokens: "optional" | "required";
  readonly httpPutResponseHopLimit: number;
  readonly httpProtocolIpv6: "enabled" | "disabled";
  readonly instanceMetadataTags: "enabled" | "disabled";
}

export const defaultMetadataOptions: MetadataOptions = {
  httpEndpoint: "enabled",
  httpTokens: "optional",
  httpPutResponseHopLimit: 1,
  httpProtocolIpv6: "disabled",
  instanceMetadataTags: "disabled",
};

/** As the SDK names them, in RunInstances and ModifyInstanceMetadataOptions alike. */
export interface MetadataOptionsRequest {
  readonly HttpEndpoint?: string | undefined;
  readonly HttpTokens?: string | undefined;
  readonly HttpPutResponseHopLimit?: number | undefined;
  readonly HttpProtocolIpv6?: string | undefined;
  readonly InstanceMetadataTags?: string | undefined;
}

/** The current options with those of the request put in; what the request leaves out stays. */
export function withMetadataOptions(current: MetadataOptions, request: MetadataOptionsRequest | undefined): MetadataOptions {
  if (request === undefined) return current;
  const hops = request.HttpPutResponseHopLimit ?? current.httpPutResponseHopLimit;
  if (hops < 1 || hops > 64) throw invalidValueOf("httpPutResponseHopLimit", hops, "The hop limit must be between 1 and 64.");
  return {
    httpEndpoint: oneOf("httpEndpoint", ["enabled", "disabled"], request.HttpEndpoint, current.httpEndpoint),
    httpTokens: oneOf("httpTokens", ["optional", "required"], request.HttpTokens, current.httpTokens),
    httpPutResponseHopLimit: hops,
    httpProtocolIpv6: oneOf("httpProtocolIpv6", ["enabled", "disabled"], request.HttpProtocolIpv6, current.httpProtocolIpv6),
    instanceMetadataTags: oneOf("instanceMetadataTags", ["enabled", "disabled"], request.InstanceMetadataTags, current.instanceMetadataTags),
  };
}

/** With tags in metadata enabled, a tag's key is a path component (facts §8.2). */
export function requireTagKeysForMetadata(options: MetadataOptions, keys: readonly string[]): void {
  if (options.instanceMetadataTags !== "enabled") return;
  const bad = keys.find((key) => !/^[A-Za-z0-9+\-=.,_:@]+$/.test(key) || [".", "..", "_index"].includes(key));
  if (bad === undefined) return;
  throw invalidParameterValue(
    `'${bad}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
  );
}

function oneOf<T extends string>(name: string, values: readonly T[], asked: string | undefined, current: T): T {
  return asked === undefined ? current : requireChoice(name, values, asked);
}
