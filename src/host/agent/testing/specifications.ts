/** Specifications for tests, whole and plausible, with whatever a test wants to be different. */
import type { InstanceId, InterfaceId, VolumeId, VpcId } from "../../../base/ids.ts";
import type { DiskSpecification, InterfaceSpecification, MachineSpecification, VolumeSpecification, VpcSpecification } from "../../protocol/specification.ts";

export const machineId: InstanceId = "i-0123456789abcdef0";
export const rootVolume: VolumeId = "vol-0123456789abcdef0";
export const firstInterface: InterfaceId = "eni-0123456789abcdef0";
export const vpcId: VpcId = "vpc-0123456789abcdef0";

export function diskOf(volume: VolumeId, change: Partial<DiskSpecification> = {}): DiskSpecification {
  const endpoint = { address: "10.200.0.1", port: 23000, exportName: `${volume}.0001` };
  return { volume, device: "/dev/sdf", root: false, sizeGib: 1, endpoint, ...change };
}

export function interfaceOf(id: InterfaceId, change: Partial<InterfaceSpecification> = {}): InterfaceSpecification {
  return {
    id,
    deviceIndex: 0,
    mac: "02:00:00:00:00:01",
    privateAddress: "172.31.0.5",
    subnet: { id: "subnet-0123456789abcdef0", cidr: "172.31.0.0/20" },
    vpc: { id: "vpc-0123456789abcdef0", cidrs: ["172.31.0.0/16"] },
    hostName: "ip-172-31-0-5",
    domain: "ec2.internal",
    securityGroups: [],
    ownerAccount: "123456789012",
    ...change,
  };
}

export function machineOf(change: Partial<MachineSpecification> = {}): MachineSpecification {
  return {
    kind: "machine",
    id: machineId,
    generation: 1,
    want: "running",
    run: 1,
    reboots: 0,
    stop: "graceful",
    gracefulStopMs: 60_000,
    virtualization: "emulated",
    vcpus: 1,
    memoryMib: 512,
    disks: [diskOf(rootVolume, { device: "/dev/xvda", root: true })],
    instanceStoreGib: [],
    interfaces: [interfaceOf(firstInterface)],
    metadata: {
      options: { httpEndpoint: "enabled", httpTokens: "optional", httpPutResponseHopLimit: 1, instanceTags: "disabled" },
      account: "123456789012",
      region: "us-east-1",
      zone: "us-east-1a",
      zoneId: "use1-az1",
      imageId: "ami-0123456789abcdef0",
      instanceType: "t3.micro",
      architecture: "x86_64",
      hypervisor: "nitro",
      launchIndex: 0,
      reservationId: "r-0123456789abcdef0",
      monitoring: "disabled",
      pendingTime: "2026-01-01T00:00:00Z",
      blockDevices: { ami: "xvda", root: "/dev/xvda" },
      tags: {},
    },
    ...change,
  };
}

export function volumeOf(change: Partial<VolumeSpecification> = {}): VolumeSpecification {
  return { kind: "volume", id: rootVolume, generation: 1, want: "present", sizeGib: 1, port: 23000, exportNames: [], limits: {}, snapshots: [], ...change };
}

export function vpcOf(change: Partial<VpcSpecification> = {}): VpcSpecification {
  return { kind: "vpc", id: vpcId, generation: 1, want: "present", networkIdentifier: 7, cidrs: ["172.31.0.0/16"], subnets: [], interfaces: [], groups: [], ...change };
}
