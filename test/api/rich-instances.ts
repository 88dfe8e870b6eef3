/** Instances that together have nearly all that EC2 can show of instances, their volumes, interfaces and subnets. */
import type { EC2, Instance } from "@aws-sdk/client-ec2";
import { launchOne } from "./launch-one.ts";
import { addHost, paravirtualImage } from "./seed.ts";
import type { StaffedServer } from "./simulated-hosts.ts";
import { attachGateway, ipv6CidrsOf, makeVpc } from "./vpc-parts.ts";

const zone = "us-east-1a";
const type = "m5.large";
const tagged = (...types: readonly ("instance" | "network-interface" | "volume")[]) => types.map((each) => ({ ResourceType: each, Tags: [{ Key: "kind", Value: `of-${each}` }] }));

export interface ElasticIp {
  readonly allocation: string;
  readonly association: string;
}

/** Of the instance in the midst of everything: the Elastic IP address of its primary address and that of a secondary one. */
export interface RichInstances {
  readonly central: string;
  readonly primary: ElasticIp;
  readonly secondary: ElasticIp;
}

export async function launchRichInstances(server: StaffedServer): Promise<RichInstances> {
  const ec2 = server.ec2();
  const central = await launchCentral(server);
  await server.write((tx) => addHost(tx, "host-a2"));
  const { HostIds: [HostId = ""] = [] } = await ec2.allocateHosts({ AvailabilityZone: zone, InstanceType: type, Quantity: 1 });
  const { instance: bound } = await launchOne(server, { InstanceType: type, Placement: { AvailabilityZone: zone, Tenancy: "host", HostId, Affinity: "host" } });
  await launchOne(server, { ImageId: paravirtualImage, InstanceType: "t1.micro" });
  await server.hosts.settle();
  await server.reportRunning(bound); // its host is not played
  await ec2.stopInstances({ InstanceIds: [bound] });
  await ec2.createNatGateway({ SubnetId: central.SubnetId, ConnectivityType: "private" });
  const nic = central.NetworkInterfaces?.[0];
  const addresses = nic?.PrivateIpAddresses?.map((each) => each.PrivateIpAddress ?? "") ?? [];
  return { central: central.InstanceId ?? "", primary: await giveAddress(ec2, nic?.NetworkInterfaceId, addresses[0]), secondary: await giveAddress(ec2, nic?.NetworkInterfaceId, addresses[1]) };
}

/** In a partition and a capacity reservation, with addresses and prefixes of both families, a key pair and a profile. */
async function launchCentral(server: StaffedServer): Promise<Instance> {
  const ec2 = server.ec2();
  const SubnetId = await makeOpenSubnet(server);
  await ec2.createKeyPair({ KeyName: "mine" });
  await server.iam().createInstanceProfile({ InstanceProfileName: "web" });
  await ec2.createPlacementGroup({ GroupName: "parts", Strategy: "partition", PartitionCount: 2 });
  const { CapacityReservation: reserved } = await ec2.createCapacityReservation({ InstanceType: type, InstancePlatform: "Linux/UNIX", AvailabilityZone: zone, InstanceCount: 1, InstanceMatchCriteria: "targeted" });
  const { instance, networkInterface: NetworkInterfaceId } = await launchOne(server, {
    InstanceType: type,
    KeyName: "mine",
    IamInstanceProfile: { Name: "web" },
    ClientToken: "once",
    Placement: { AvailabilityZone: zone, GroupName: "parts", PartitionNumber: 2 },
    CapacityReservationSpecification: { CapacityReservationTarget: { CapacityReservationId: reserved?.CapacityReservationId } },
    NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, Description: "in front", SecondaryPrivateIpAddressCount: 1, Ipv6AddressCount: 1 }],
    TagSpecifications: tagged("instance", "network-interface", "volume"),
  });
  await ec2.assignPrivateIpAddresses({ NetworkInterfaceId, Ipv4PrefixCount: 1 });
  await ec2.assignIpv6Addresses({ NetworkInterfaceId, Ipv6PrefixCount: 1 });
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  return reservation?.Instances?.[0] ?? {};
}

/** Of a VPC with an internet gateway, host names and IPv6. */
async function makeOpenSubnet(server: StaffedServer): Promise<string> {
  const { ec2, vpcId: VpcId, subnetId: SubnetId } = await makeVpc(server);
  await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
  await attachGateway(ec2, VpcId);
  await ec2.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true });
  const [block = ""] = await ipv6CidrsOf(ec2, VpcId);
  await ec2.associateSubnetCidrBlock({ SubnetId, Ipv6CidrBlock: block });
  await ec2.createTags({ Resources: [SubnetId], Tags: [{ Key: "kind", Value: "of-subnet" }] });
  return SubnetId;
}

async function giveAddress(ec2: EC2, NetworkInterfaceId: string | undefined, PrivateIpAddress: string | undefined): Promise<ElasticIp> {
  const { AllocationId: allocation = "" } = await ec2.allocateAddress({});
  const { AssociationId: association = "" } = await ec2.associateAddress({ AllocationId: allocation, NetworkInterfaceId, PrivateIpAddress });
  return { allocation, association };
}
