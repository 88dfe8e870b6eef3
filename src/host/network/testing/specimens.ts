/** Specifications for tests. */
import type { InstanceId, InterfaceId, SubnetId, VpcId } from "../../../base/ids.ts";
import type { MetadataSpecification } from "../../protocol/metadata.ts";
import type { InterfaceSpecification, MachineSpecification } from "../../protocol/specification.ts";

/** The interface whose ids all end in these digits, in a VPC whose id ends in those. */
export function interfaceSpecimen(digit: string, vpcDigit: string, privateAddress: string, publicAddress?: string): InterfaceSpecification {
  const dashed = privateAddress.replaceAll(".", "-");
  const id: InterfaceId = `eni-0aaaaaaaaaaaaaa${digit.padStart(2, "0")}` as const;
  const subnet: SubnetId = `subnet-0bbbbbbbbbbbbbb${vpcDigit.padStart(2, "0")}` as const;
  const vpc: VpcId = `vpc-0cccccccccccccc${vpcDigit.padStart(2, "0")}` as const;
  return {
    id,
    deviceIndex: 0,
    mac: `06:00:00:00:00:${digit.padStart(2, "0")}`,
    privateAddress,
    ...(publicAddress === undefined ? {} : { publicAddress, publicHostName: `ec2-${publicAddress.replaceAll(".", "-")}.compute-1.amazonaws.com` }),
    subnet: { id: subnet, cidr: "172.31.0.0/20" },
    vpc: { id: vpc, cidrs: ["172.31.0.0/16"] },
    hostName: `ip-${dashed}`,
    domain: "ec2.internal",
    securityGroups: [{ id: "sg-0dddddddddddddddd", name: "default" }],
    ownerAccount: "123456789012",
  };
}

export const metadataSpecimen: MetadataSpecification = {
  options: { httpEndpoint: "enabled", httpTokens: "optional", httpPutResponseHopLimit: 1, instanceTags: "enabled" },
  account: "123456789012",
  region: "us-east-1",
  zone: "us-east-1a",
  zoneId: "use1-az1",
  imageId: "ami-0eeeeeeeeeeeeeeee",
  instanceType: "t3.micro",
  architecture: "x86_64",
  hypervisor: "nitro",
  launchIndex: 0,
  reservationId: "r-0ffffffffffffffff",
  monitoring: "disabled",
  pendingTime: "2026-01-02T03:04:05Z",
  keyPair: { name: "me", openSshKey: "ssh-ed25519 AAAAC3Nz me\n" },
  userData: Buffer.from("#!/bin/sh\necho hello\n").toString("base64"),
  blockDevices: { ami: "xvda", root: "/dev/xvda", ebs1: "sdf" },
  tags: { Name: "web", "team:owner": "blue" },
};

export function machineSpecimen(digit: string, nic: InterfaceSpecification, metadata: Partial<MetadataSpecification> = {}): MachineSpecification {
  const id: InstanceId = `i-0123456789abcde${digit.padStart(2, "0")}` as const;
  return {
    kind: "machine",
    id,
    generation: 1,
    want: "running",
    run: 1,
    reboots: 0,
    stop: "graceful",
    gracefulStopMs: 30_000,
    virtualization: "paravirtual",
    vcpus: 1,
    memoryMib: 64,
    disks: [],
    instanceStoreGib: [],
    interfaces: [nic],
    metadata: { ...metadataSpecimen, ...metadata },
  };
}
