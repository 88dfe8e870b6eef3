/** An input for every action on networks that would be carried out for whom it is allowed. */
import type { CreateFlowLogsCommandInput, NatGateway } from "@aws-sdk/client-ec2";
import { launchOne } from "./launch-one.ts";
import { askForPeering, attachGateway, ipv6CidrsOf, makeSubnet, makeVpc } from "./vpc-parts.ts";
import { otherAccount, type TestServer } from "./test-server.ts";

/** `instance` runs, in the default VPC. */
export async function networkInputs(server: TestServer, instance: string): Promise<Record<string, object>> {
  const { ec2, vpcId: VpcId, subnetId: SubnetId, mainTable } = await makeVpc(server);
  const { Vpc: empty } = await ec2.createVpc({ CidrBlock: "10.9.0.0/16" });
  const bare = await makeSubnet(ec2, VpcId, "10.0.1.0/24");
  const gateway = await attachGateway(ec2, VpcId);
  const { InternetGateway: free } = await ec2.createInternetGateway({});
  const { RouteTable: table } = await ec2.createRouteTable({ VpcId });
  const RouteTableId = table?.RouteTableId;
  const { AssociationId } = await ec2.associateRouteTable({ RouteTableId, SubnetId });
  const { RouteTable: unused } = await ec2.createRouteTable({ VpcId });
  await ec2.createRoute({ RouteTableId: mainTable, DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway });
  const route = { RouteTableId: mainTable, DestinationCidrBlock: "0.0.0.0/0" };
  const { CidrBlockAssociation: block } = await ec2.associateVpcCidrBlock({ VpcId, CidrBlock: "10.1.0.0/16" });
  const { AllocationId } = await ec2.allocateAddress({});
  const { NetworkInterface: nic } = await ec2.createNetworkInterface({ SubnetId, PrivateIpAddresses: [{ PrivateIpAddress: "10.0.0.9" }] });
  const NetworkInterfaceId = nic?.NetworkInterfaceId;
  const { NetworkInterface: held } = await ec2.createNetworkInterface({ SubnetId });
  const [holder, other] = [await launchOne(server, { SubnetId }), await launchOne(server, { SubnetId })];
  await server.reportRunning(holder.instance, other.instance);
  const { AttachmentId } = await ec2.attachNetworkInterface({ NetworkInterfaceId: held?.NetworkInterfaceId, InstanceId: holder.instance, DeviceIndex: 1 });
  const { AllocationId: associated } = await ec2.allocateAddress({});
  const { AssociationId: association } = await ec2.associateAddress({ AllocationId: associated, InstanceId: instance });
  const { Subnets: [lost] = [] } = await ec2.describeSubnets({ Filters: [{ Name: "availability-zone", Values: ["us-east-1f"] }] });
  await ec2.deleteSubnet({ SubnetId: lost?.SubnetId });
  await ec2.associateVpcCidrBlock({ VpcId, AmazonProvidedIpv6CidrBlock: true });
  const ipv6Subnet = await makeSubnet(ec2, VpcId, "10.0.3.0/24");
  const [ipv6, ipv6Bare, freeIpv6] = await ipv6CidrsOf(ec2, VpcId);
  const { Ipv6CidrBlockAssociation: ipv6Block } = await ec2.associateSubnetCidrBlock({ SubnetId: ipv6Subnet, Ipv6CidrBlock: ipv6 });
  const { Subnet: dual } = await ec2.createSubnet({ VpcId, CidrBlock: "10.0.4.0/24", Ipv6CidrBlock: ipv6Bare });
  const { NetworkInterface: dualNic } = await ec2.createNetworkInterface({ SubnetId: dual?.SubnetId, Ipv6AddressCount: 1 });
  const Ipv6Of = { NetworkInterfaceId: dualNic?.NetworkInterfaceId };
  const { EgressOnlyInternetGateway: egressOnly } = await ec2.createEgressOnlyInternetGateway({ VpcId });
  const { NatGateway: natGateway } = await ec2.createNatGateway({ SubnetId, ConnectivityType: "private" });
  const flowLogs = { ResourceIds: [VpcId], ResourceType: "VPC", LogDestinationType: "s3", LogDestination: "arn:aws:s3:::flows" } satisfies Partial<CreateFlowLogsCommandInput>;
  const { FlowLogIds } = await ec2.createFlowLogs({ ...flowLogs, TrafficType: "REJECT" });
  const { Subnets: [outer] = [] } = await ec2.describeSubnets({ Filters: [{ Name: "default-for-az", Values: ["true"] }] });
  const single = await makePublicGateway(server, outer?.SubnetId, 1);
  const double = await makePublicGateway(server, outer?.SubnetId, 2);
  const { NatGateway: closed } = await ec2.createNatGateway({ SubnetId, ConnectivityType: "private", SecondaryPrivateIpAddressCount: 1 });
  const { Vpcs: [standard] = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
  const asked = { VpcPeeringConnectionId: await askForPeering(ec2, VpcId, empty?.VpcId) };
  const peered = { VpcPeeringConnectionId: await askForPeering(ec2, VpcId, standard?.VpcId) };
  await ec2.acceptVpcPeeringConnection(peered);
  const { VpcEndpoint: endpoint } = await ec2.createVpcEndpoint({ VpcId, ServiceName: "com.amazonaws.us-east-1.s3", RouteTableIds: [mainTable] });
  const { InstanceConnectEndpoint: connect } = await ec2.createInstanceConnectEndpoint({ SubnetId: outer?.SubnetId });
  const InstanceConnectEndpointId = connect?.InstanceConnectEndpointId;
  const DhcpConfigurations = [{ Key: "domain-name", Values: ["example.com"] }];
  const { DhcpOptions: options } = await ec2.createDhcpOptions({ DhcpConfigurations });
  const DhcpOptionsId = options?.DhcpOptionsId;
  return {
    AcceptVpcPeeringConnection: asked,
    AllocateAddress: {},
    AssignIpv6Addresses: { ...Ipv6Of, Ipv6AddressCount: 1 },
    AssignPrivateNatGatewayAddress: { NatGatewayId: closed?.NatGatewayId, PrivateIpAddressCount: 1 },
    AssignPrivateIpAddresses: { NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 },
    AssociateAddress: { AllocationId, InstanceId: instance },
    AssociateDhcpOptions: { DhcpOptionsId, VpcId },
    AssociateNatGatewayAddress: { NatGatewayId: single.NatGatewayId, AllocationIds: [AllocationId] },
    AssociateRouteTable: { RouteTableId: unused?.RouteTableId, SubnetId: bare },
    AssociateSubnetCidrBlock: { SubnetId: bare, Ipv6CidrBlock: freeIpv6 },
    AssociateVpcCidrBlock: { VpcId, CidrBlock: "10.2.0.0/16" },
    AttachInternetGateway: { InternetGatewayId: free?.InternetGatewayId, VpcId: empty?.VpcId },
    AttachNetworkInterface: { NetworkInterfaceId, InstanceId: other.instance, DeviceIndex: 1 },
    CreateDefaultSubnet: { AvailabilityZone: "us-east-1f" },
    CreateDhcpOptions: { DhcpConfigurations },
    CreateEgressOnlyInternetGateway: { VpcId },
    CreateFlowLogs: { ...flowLogs, TrafficType: "ALL" },
    CreateInstanceConnectEndpoint: { SubnetId },
    CreateNatGateway: { SubnetId, AllocationId },
    CreateNetworkInterface: { SubnetId },
    CreateRoute: { RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway },
    CreateRouteTable: { VpcId },
    CreateSubnet: { VpcId, CidrBlock: "10.0.2.0/24" },
    CreateVpc: { CidrBlock: "10.8.0.0/16" },
    CreateVpcEndpoint: { VpcId, VpcEndpointType: "Interface", ServiceName: "com.amazonaws.us-east-1.ec2", SubnetIds: [SubnetId], PrivateDnsEnabled: false },
    CreateVpcPeeringConnection: { VpcId: empty?.VpcId, PeerVpcId: standard?.VpcId },
    DeleteDhcpOptions: { DhcpOptionsId },
    DeleteEgressOnlyInternetGateway: { EgressOnlyInternetGatewayId: egressOnly?.EgressOnlyInternetGatewayId },
    DeleteFlowLogs: { FlowLogIds },
    DeleteInstanceConnectEndpoint: { InstanceConnectEndpointId },
    DeleteInternetGateway: { InternetGatewayId: free?.InternetGatewayId },
    DeleteNatGateway: { NatGatewayId: natGateway?.NatGatewayId },
    DeleteNetworkInterface: { NetworkInterfaceId },
    DeleteRoute: route,
    DeleteRouteTable: { RouteTableId: unused?.RouteTableId },
    DeleteSubnet: { SubnetId: bare },
    DeleteVpc: { VpcId: empty?.VpcId },
    DeleteVpcEndpoints: { VpcEndpointIds: [endpoint?.VpcEndpointId] },
    DeleteVpcPeeringConnection: peered,
    DescribeNetworkInterfaceAttribute: { NetworkInterfaceId, Attribute: "description" },
    DetachInternetGateway: { InternetGatewayId: gateway, VpcId },
    DetachNetworkInterface: { AttachmentId },
    DisassociateAddress: { AssociationId: association },
    DisassociateNatGatewayAddress: { NatGatewayId: double.NatGatewayId, AssociationIds: [double.NatGatewayAddresses?.[1]?.AssociationId] },
    DisassociateRouteTable: { AssociationId },
    DisassociateSubnetCidrBlock: { AssociationId: ipv6Block?.AssociationId },
    DisassociateVpcCidrBlock: { AssociationId: block?.AssociationId },
    ModifyInstanceConnectEndpoint: { InstanceConnectEndpointId },
    ModifyAddressAttribute: { AllocationId, DomainName: "mail.example.com" },
    ModifyNetworkInterfaceAttribute: { NetworkInterfaceId, Description: { Value: "theirs" } },
    ModifySubnetAttribute: { SubnetId, MapPublicIpOnLaunch: { Value: true } },
    ModifyVpcAttribute: { VpcId, EnableDnsHostnames: { Value: true } },
    ModifyVpcEndpoint: { VpcEndpointId: endpoint?.VpcEndpointId, ResetPolicy: true },
    ModifyVpcPeeringConnectionOptions: { ...peered, RequesterPeeringConnectionOptions: { AllowDnsResolutionFromRemoteVpc: false } },
    RejectVpcPeeringConnection: asked,
    ReleaseAddress: { AllocationId },
    ReplaceRoute: { ...route, NetworkInterfaceId },
    ReplaceRouteTableAssociation: { AssociationId, RouteTableId: unused?.RouteTableId },
    ResetAddressAttribute: { AllocationId, Attribute: "domain-name" },
    ResetNetworkInterfaceAttribute: { NetworkInterfaceId, SourceDestCheck: "true" },
    UnassignIpv6Addresses: { ...Ipv6Of, Ipv6Addresses: [dualNic?.Ipv6Address] },
    UnassignPrivateNatGatewayAddress: { NatGatewayId: closed?.NatGatewayId, PrivateIpAddresses: [closed?.NatGatewayAddresses?.[1]?.PrivateIp] },
    UnassignPrivateIpAddresses: { NetworkInterfaceId, PrivateIpAddresses: ["10.0.0.9"] },
  };
}

/** Its Elastic IP addresses are another account's afterwards: with them this one would have as many as it may. */
async function makePublicGateway(server: TestServer, SubnetId: string | undefined, addresses: number): Promise<NatGateway> {
  const ec2 = server.ec2();
  const allocations: string[] = [];
  for (let count = 0; count < addresses; count += 1) allocations.push((await ec2.allocateAddress({})).AllocationId ?? "");
  const [AllocationId, ...SecondaryAllocationIds] = allocations;
  const { NatGateway: made = {} } = await ec2.createNatGateway({ SubnetId, AllocationId, SecondaryAllocationIds });
  await server.write((tx) => tx.db.updateTable("elastic_ips").set({ account: otherAccount }).where("interface_id", "=", made.NatGatewayAddresses?.[0]?.NetworkInterfaceId as `eni-${string}`).execute()); // an id from an answer
  return made;
}
