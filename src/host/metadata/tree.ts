/**
 * The tree of one instance's metadata, made from its specification when asked: directories, leaves, and what a listing shows.
 * A value that the instance does not have is left out, and so is not listed and not found.
 */
import type { InterfaceSpecification, MachineSpecification, ProfileSpecification } from "../protocol/specification.ts";

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

export function metaData(machine: MachineSpecification): Directory {
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
    network: directory({ interfaces: directory({ macs: directory(Object.fromEntries(machine.interfaces.map((nic) => [nic.mac, macDirectory(nic)]))) }) }),
    placement: directory({ "availability-zone": metadata.zone, "availability-zone-id": metadata.zoneId, region: metadata.region }),
    "public-hostname": primary?.publicHostName,
    "public-ipv4": primary?.publicAddress,
    "public-keys": publicKeys(metadata.keyPair),
    "reservation-id": metadata.reservationId,
    "security-groups": primary?.securityGroups.map(({ name }) => name).join("\n"),
    services: directory({ domain: "amazonaws.com", partition: "aws" }),
    system: metadata.hypervisor,
    tags: metadata.options.instanceTags === "enabled" && Object.keys(metadata.tags).length > 0 ? directory({ instance: directory(metadata.tags) }) : undefined,
  });
}

function profileDirectory({ arn, id, since, role }: ProfileSpecification): Directory {
  const info = { Code: "Success", LastUpdated: since, InstanceProfileArn: arn, InstanceProfileId: id };
  return directory({ info: JSON.stringify(info, undefined, 2), "security-credentials": role === undefined ? undefined : directory({ [role.name]: role.credentials }) });
}

function macDirectory(nic: InterfaceSpecification): Directory {
  return directory({
    "device-number": String(nic.deviceIndex),
    "interface-id": nic.id,
    "ipv4-associations": nic.publicAddress === undefined ? undefined : directory({ [nic.publicAddress]: nic.privateAddress }),
    ipv6s: nic.ipv6Addresses?.join("\n"),
    "local-hostname": `${nic.hostName}.${nic.domain}`,
    "local-ipv4s": nic.privateAddress,
    mac: nic.mac,
    "owner-id": nic.ownerAccount,
    "public-hostname": nic.publicHostName,
    "public-ipv4s": nic.publicAddress,
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

/** Listed as `0=NAME`, found as `0/openssh-key`. */
function publicKeys(keyPair: { readonly name: string; readonly openSshKey: string } | undefined): Directory | undefined {
  if (keyPair === undefined) return undefined;
  return directory({ "0": directory({ "openssh-key": keyPair.openSshKey.trimEnd() }) }, () => `0=${keyPair.name}`);
}
