/**
 * Identifiers. Every resource id is its type's EC2 prefix and 17 lower-case hexadecimal digits (8 in the legacy form,
 * which is still accepted when read), and is the primary key of its table. EC2 reference: facts §12.4.
 */
import { randomHex, type Random } from "./random.ts";

export const idPrefixes = {
  instance: "i",
  reservation: "r",
  volume: "vol",
  snapshot: "snap",
  image: "ami",
  kernel: "aki",
  ramdisk: "ari",
  securityGroup: "sg",
  securityGroupRule: "sgr",
  subnet: "subnet",
  vpc: "vpc",
  internetGateway: "igw",
  natGateway: "nat",
  egressOnlyGateway: "eigw",
  routeTable: "rtb",
  routeTableAssociation: "rtbassoc",
  networkAcl: "acl",
  networkAclAssociation: "aclassoc",
  networkInterface: "eni",
  networkInterfaceAttachment: "eni-attach",
  elasticIp: "eipalloc",
  elasticIpAssociation: "eipassoc",
  dhcpOptions: "dopt",
  flowLog: "fl",
  vpcPeeringConnection: "pcx",
  prefixList: "pl",
  vpcEndpoint: "vpce",
  instanceConnectEndpoint: "eice",
  keyPair: "key",
  launchTemplate: "lt",
  importSnapshotTask: "import-snap",
  instanceProfileAssociation: "iip-assoc",
  placementGroup: "pg",
  dedicatedHost: "h",
  capacityReservation: "cr",
} as const;

export type ResourceKind = keyof typeof idPrefixes;
export type Id<K extends ResourceKind> = `${(typeof idPrefixes)[K]}-${string}` & { readonly __kind?: K };

export type InstanceId = Id<"instance">;
export type VolumeId = Id<"volume">;
export type SnapshotId = Id<"snapshot">;
export type ImageId = Id<"image">;
export type InterfaceId = Id<"networkInterface">;
export type VpcId = Id<"vpc">;
export type SubnetId = Id<"subnet">;
export type EndpointId = Id<"vpcEndpoint">;
export type ConnectEndpointId = Id<"instanceConnectEndpoint">;
export type PeeringConnectionId = Id<"vpcPeeringConnection">;

/** A fresh id: the first digit is `0`, as on EC2, and 64 bits are random. */
export function newId<K extends ResourceKind>(kind: K, random: Random): Id<K> {
  return `${idPrefixes[kind]}-0${randomHex(random, 8)}` as Id<K>; // the template literal is exactly the branded form
}

/** Whether the text has the form of an id of this kind (17 or, for old resources, 8 hexadecimal digits). */
export function isId<K extends ResourceKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${idPrefixes[kind]}-`;
  return text.startsWith(prefix) && /^(?:[0-9a-f]{17}|[0-9a-f]{8})$/.test(text.slice(prefix.length));
}

/** The kind that an id's prefix names, or undefined when the text is no id at all. */
export function kindOfId(text: string): ResourceKind | undefined {
  const kinds = Object.keys(idPrefixes) as ResourceKind[]; // Object.keys widens to string[]
  return kinds.find((kind) => isId(kind, text));
}
