/**
 * The tree of one instance's metadata, made from its specification when asked: directories, leaves, and what a listing shows.
 * A value that the instance does not have is left out, and so is not listed and not found.
 */
import type { ConnectSpecification, ProfileSpecification } from "../protocol/metadata.ts";
import type { InterfaceSpecification, MachineSpecification, SecondaryAddress } from "../protocol/specification.ts";

/** A leaf is its text; the signed forms of the identity document are made only when they are read. */
export type Leaf = { readonly kind: "leaf"; readonly read: () => string | Promise<string> };
export type Directory = {
  readonly kind: "directory";
  readonly children: ReadonlyMap<string, Node>;
  /** What its listing shows for a child; absent: the name, and a slash behind a directory's. */
  readonly label?: (name: string) => string;
};
export type Node = Leaf | Directory;

export function leaf(text: string): Leaf {
  return { kind: "leaf", read: () => text };
}

export function directory(children: Readonly<Record<string, Node | string | undefined>>, label?: (name: string) => string): Directory {
  const present = Object.entries(children).flatMap(([name, child]): [string, Node][] =>
    child === undefined ? [] : [[name, typeof child === "string" ? leaf(child) : child]],
  );
  return { kind: "directory", children: new Map(present.toSorted(([a], [b]) => (a < b ? -1 : 1))), ...(label === undefined ? {} : { label }) };
}

/** As it is at the moment `now`, in milliseconds since 1970: pushed keys have an end. */
export function metaData(machine: MachineSpecification, now: number): Directory {
  const { metadata } = machine;
  const primary = machine.interfaces.find(({ deviceIndex }) => deviceIndex === 0);
  const privateName = primary === undefined ? undefined : `${primary.hostName}.${primary.domain}`;
  return directory({
    "ami-id": metadata.imageId,
    "ami-launch-index": String(metadata.launchIndex),
    "ami-manifest-path": "(unknown)",
    "block-device-mapping": directory(metadata.blockDevices),
    events: directory({ maintenance: directory({ history: "[]", scheduled: "[]" }) }),
    hostname: privateName,
    iam: metadata.profile === undefined ? undefined : profileDirectory(metadata.profile),
    "instance-action": "none",
    "instance-id": machine.id,
    "instance-life-cycle": "on-demand",
    "instance-type": metadata.instanceType,
    ipv6: primary?.ipv6Addresses?.[0],
    "kernel-id": metadata.kernelId,
    "local-hostname": privateName,
    "local-ipv4": primary?.privateAddress,
    mac: primary?.mac,
    "managed-ssh-keys": metadata.connect === undefined ? undefined : pushedKeys(metadata.connect, now),
    network: directory({ interfaces: directory({ macs: directory(Object.fromEntries(machine.interfaces.map((nic) => [nic.mac, macDirectory(nic)]))) }) }),
    placement: placementDirectory(metadata),
    "public-hostname": primary?.publicHostName,
    "public-ipv4": primary?.publicAddress,
    "public-keys": publicKeys(metadata.keyPair),
    "reservation-id": metadata.reservationId,
    "security-groups": primary?.securityGroups.map(({ name }) => name).join("\n"),
    services: directory({ "ca-certificate": metadata.serviceAuthority?.trimEnd(), domain: "amazonaws.com", partition: "aws" }),
    system: metadata.hypervisor,
    tags: metadata.options.instanceTags === "enabled" && Object.keys(metadata.tags).length > 0 ? directory({ instance: directory(metadata.tags) }) : undefined,
  });
}

function placementDirectory({ zone, zoneId, region, placement: { groupName, hostId, partitionNumber } = {} }: MachineSpecification["metadata"]): Directory {
  return directory({
    "availability-zone": zone,
    "availability-zone-id": zoneId,
    "group-name": groupName,
    "host-id": hostId,
    "partition-number": partitionNumber === undefined ? undefined : String(partitionNumber),
    region,
  });
}

function profileDirectory({ arn, id, since, role }: ProfileSpecification): Directory {
  const info = { Code: "Success", LastUpdated: since, InstanceProfileArn: arn, InstanceProfileId: id };
  return directory({ info: JSON.stringify(info, undefined, 2), "security-credentials": role === undefined ? undefined : directory({ [role.name]: role.credentials }) });
}

function macDirectory(nic: InterfaceSpecification): Directory {
  const addresses: readonly SecondaryAddress[] = [nic, ...(nic.secondaryAddresses ?? [])];
  const associated = addresses.flatMap(({ privateAddress, publicAddress }) => (publicAddress === undefined ? [] : [[publicAddress, privateAddress] as const]));
  return directory({
    "device-number": String(nic.deviceIndex),
    "interface-id": nic.id,
    "ipv4-associations": associated.length === 0 ? undefined : directory(Object.fromEntries(associated)),
    "ipv4-prefix": nic.ipv4Prefixes?.join("\n"),
    "ipv6-prefix": nic.ipv6Prefixes?.join("\n"),
    ipv6s: nic.ipv6Addresses?.join("\n"),
    "local-hostname": `${nic.hostName}.${nic.domain}`,
    "local-ipv4s": addresses.map(({ privateAddress }) => privateAddress).join("\n"),
    mac: nic.mac,
    "owner-id": nic.ownerAccount,
    "public-hostname": nic.publicHostName,
    "public-ipv4s": associated.length === 0 ? undefined : associated.map(([publicAddress]) => publicAddress).join("\n"),
    "security-group-ids": nic.securityGroups.map(({ id }) => id).join("\n"),
    "security-groups": nic.securityGroups.map(({ name }) => name).join("\n"),
    "subnet-id": nic.subnet.id,
    "subnet-ipv4-cidr-block": nic.subnet.cidr,
    "subnet-ipv6-cidr-blocks": nic.subnet.ipv6Cidr,
    "vpc-id": nic.vpc.id,
    "vpc-ipv4-cidr-block": nic.vpc.cidrs[0],
    "vpc-ipv4-cidr-blocks": nic.vpc.cidrs.join("\n"),
    "vpc-ipv6-cidr-blocks": nic.vpc.ipv6Cidrs?.join("\n"),
  });
}

/** The keys of each user, one after the other with an empty line behind each, and what proves them. */
function pushedKeys({ keys, certificates, staples }: ConnectSpecification, now: number): Directory | undefined {
  const active = Map.groupBy(keys.filter(({ expiresAt }) => now < expiresAt), ({ user }) => user);
  if (active.size === 0) return undefined;
  const texts = Array.from(active, ([user, theirs]): [string, string] => [user, theirs.map(({ block }) => `${block}\n`).join("")]);
  return directory({ "active-keys": directory(Object.fromEntries(texts)), "signer-cert": certificates, "signer-ocsp": directory(staples) });
}

/** Listed as `0=NAME`, found as `0/openssh-key`. */
function publicKeys(keyPair: { readonly name: string; readonly openSshKey: string } | undefined): Directory | undefined {
  if (keyPair === undefined) return undefined;
  return directory({ "0": directory({ "openssh-key": keyPair.openSshKey.trimEnd() }) }, () => `0=${keyPair.name}`);
}
