/**
 * The catalogue of EC2's errors: the only place where an error code of the API is written. Every layer throws from here,
 * `throw notFound("instance", id)`, and the wire formats what it catches. Codes, texts and statuses are EC2's own
 * (facts §10.4, §12.4, §13), its irregular spelling included. An `ApiError` is an answer to the caller, so its message never
 * holds internal text; whatever else a request dies of becomes `internalError()` at the edge.
 */
export * from "./api-errors/address.ts";
export * from "./api-errors/class.ts";
export * from "./api-errors/authorization.ts";
export * from "./api-errors/cloudtrail.ts";
export * from "./api-errors/connect-endpoint.ts";
export * from "./api-errors/direct.ts";
export * from "./api-errors/flow-log.ts";
export * from "./api-errors/identity.ts";
export * from "./api-errors/image.ts";
export * from "./api-errors/instance.ts";
export * from "./api-errors/instance-connect.ts";
export * from "./api-errors/instance-profile.ts";
export * from "./api-errors/launch-template.ts";
export * from "./api-errors/nat-gateway.ts";
export * from "./api-errors/network.ts";
export * from "./api-errors/parameter.ts";
export * from "./api-errors/peering.ts";
export * from "./api-errors/placement.ts";
export * from "./api-errors/prefix-list.ts";
export * from "./api-errors/partial-failure.ts";
export * from "./api-errors/parameter-store.ts";
export * from "./api-errors/request.ts";
export * from "./api-errors/resource.ts";
export * from "./api-errors/snapshot.ts";
export * from "./api-errors/traffic.ts";
export * from "./api-errors/volume.ts";
export * from "./api-errors/vpc-endpoint.ts";
