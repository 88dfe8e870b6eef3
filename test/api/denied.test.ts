/** Default deny, for every action there is: a principal whom nothing allows anything is refused by each of them. */
import { expect, test } from "vitest";
import { actions } from "../../src/api/actions.ts";
import { addHost, hvmImage } from "./seed.ts";
import { account, openTestServer, powerlessKey, refusal, type TestServer } from "./test-server.ts";
import { blockOf, sha256, start, upload, zeroes } from "./direct-client.ts";
import { launchOne } from "./launch-one.ts";
import { networkInputs } from "./network-inputs.ts";

test("A principal whom nothing allows anything is refused by every action but those that need no permission", async () => {
  await using server = await openTestServer();
  const { instance, volume, vpcId } = await launchOne(server);
  await server.ec2().createKeyPair({ KeyName: "mine", KeyType: "ed25519" });
  await server.reportRunning(instance);
  const inputs: Record<string, object> = {
    ...(await snapshotInputs(server, instance, volume)),
    ...(await volumeInputs(server, instance, volume)),
    ...(await directInputs(server)),
    ...(await trafficInputs(server, vpcId)),
    ...(await networkInputs(server, instance)),
    ...(await templateInputs(server, instance)),
    ...(await profileInputs(server, instance)),
    ...(await placementInputs(server, vpcId)),
    CreateKeyPair: { KeyName: "theirs", KeyType: "ed25519" },
    CreateTags: { Resources: [instance], Tags: [{ Key: "a", Value: "b" }] },
    DeleteKeyPair: { KeyName: "mine" },
    DeleteTags: { Resources: [instance] },
    DescribeInstanceAttribute: { InstanceId: instance, Attribute: "userData" },
    DescribeVpcAttribute: { VpcId: vpcId, Attribute: "enableDnsSupport" },
    GetDefaultCreditSpecification: { InstanceFamily: "t3" },
    ModifyDefaultCreditSpecification: { InstanceFamily: "t3", CpuCredits: "standard" },
    ModifyInstanceCreditSpecification: { InstanceCreditSpecifications: [{ InstanceId: instance, CpuCredits: "standard" }] },
    GetConsoleOutput: { InstanceId: instance },
    GetInstanceTypesFromInstanceRequirements: {
      ArchitectureTypes: ["x86_64"],
      VirtualizationTypes: ["hvm"],
      InstanceRequirements: { VCpuCount: { Min: 1 }, MemoryMiB: { Min: 1 } },
    },
    GetPasswordData: { InstanceId: instance },
    ImportKeyPair: { KeyName: "theirs", PublicKeyMaterial: Buffer.from(publicKey) },
    ModifyInstanceAttribute: { InstanceId: instance, DisableApiStop: { Value: true } },
    ModifyInstanceMaintenanceOptions: { InstanceId: instance, AutoRecovery: "disabled" },
    ModifyInstanceMetadataOptions: { InstanceId: instance, HttpTokens: "required" },
    MonitorInstances: { InstanceIds: [instance] },
    RebootInstances: { InstanceIds: [instance] },
    RunInstances: { ImageId: hvmImage, MinCount: 1, MaxCount: 1, InstanceType: "t3.micro" },
    SendSSHPublicKey: { InstanceId: instance, InstanceOSUser: "admin", SSHPublicKey: publicKey },
    SendSerialConsoleSSHPublicKey: { InstanceId: instance, SSHPublicKey: publicKey },
    StartInstances: { InstanceIds: [instance] },
    StopInstances: { InstanceIds: [instance] },
    TerminateInstances: { InstanceIds: [instance] },
    UnmonitorInstances: { InstanceIds: [instance] },
    AssumeRole: { RoleArn: `arn:aws:iam::${account}:role/nobody`, RoleSessionName: "session" },
    DecodeAuthorizationMessage: { EncodedMessage: "1:abc" },
    GetAccessKeyInfo: { AccessKeyId: powerlessKey },
    GetFederationToken: { Name: "somebody" },
    GetParameter: { Name: "/aws/service/hostelry/debian-12/hvm" },
    GetParameters: { Names: ["/aws/service/hostelry/debian-12/hvm"] },
    GetParametersByPath: { Path: "/aws/service" },
  };
  const before = await server.dump();
  const clients: Record<string, object> = { cloudtrail: server.cloudTrail(powerlessKey), ebs: server.ebs(powerlessKey), ec2: server.ec2(powerlessKey), "ec2-instance-connect": server.connect(powerlessKey), iam: server.iam(powerlessKey), ssm: server.ssm(powerlessKey), sts: server.sts(powerlessKey) };
  const open: string[] = [];
  for (const { service, name } of actions) {
    const client = clients[service];
    const method = client === undefined ? undefined : Reflect.get(client, `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
    if (typeof method !== "function") throw new Error(`${service} has no ${name}`);
    const outcome = await refusal(method.call(client, inputs[name] ?? (service === "iam" ? identityInput : {}))).catch(() => "allowed");
    const code = typeof outcome === "string" ? outcome : outcome.code;
    if (code !== refusalCodes[service]) open.push(`${name} ${code}`);
  }
  expect(open).toEqual(["GetCallerIdentity allowed", "GetSessionToken allowed"]);
  expect(await server.dump()).toBe(before);
});

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkZ5Sd0c3cxDPHZ1Gm0sCPSBpJUGn3oICcs8nWWQ2u2 me";

const refusalCodes: Record<string, string> = { cloudtrail: "AccessDeniedException", ebs: "AccessDeniedException", ec2: "UnauthorizedOperation", "ec2-instance-connect": "AccessDeniedException", iam: "AccessDenied", ssm: "AccessDeniedException", sts: "AccessDenied" };

/** Of every action of IAM, which each take from it what they know; what it names need not be there. */
const identityInput = {
  UserName: "powerless",
  GroupName: "group",
  RoleName: "role",
  InstanceProfileName: "profile",
  PolicyName: "policy",
  PolicyArn: `arn:aws:iam::${account}:policy/policy`,
  PermissionsBoundary: `arn:aws:iam::${account}:policy/policy`,
  PolicyDocument: "{}",
  AssumeRolePolicyDocument: "{}",
  VersionId: "v1",
  OldPassword: "Correct horse 1",
  NewPassword: "Correct horse 2",
  VirtualMFADeviceName: "phone",
  SerialNumber: `arn:aws:iam::${account}:mfa/phone`,
  AuthenticationCode1: "000000",
  AuthenticationCode2: "000000",
  ActionNames: ["ec2:RunInstances"],
  PolicyInputList: ["{}"],
  PolicySourceArn: `arn:aws:iam::${account}:user/powerless`,
  AccessKeyId: "AKIA0000000000000000",
  Status: "Inactive",
  Description: "d",
  Tags: [],
  TagKeys: [],
};

/** Of launch templates. */
async function templateInputs(server: TestServer, instance: string): Promise<Record<string, object>> {
  const { LaunchTemplate: template } = await server.ec2().createLaunchTemplate({ LaunchTemplateName: "mine", LaunchTemplateData: { InstanceType: "t3.micro" } });
  const named = { LaunchTemplateId: template?.LaunchTemplateId };
  return {
    CreateLaunchTemplate: { LaunchTemplateName: "theirs", LaunchTemplateData: { InstanceType: "t3.micro" } },
    CreateLaunchTemplateVersion: { ...named, LaunchTemplateData: { InstanceType: "t3.micro" } },
    DeleteLaunchTemplate: named,
    DeleteLaunchTemplateVersions: { ...named, Versions: ["1"] },
    GetLaunchTemplateData: { InstanceId: instance },
    ModifyLaunchTemplate: { ...named, DefaultVersion: "1" },
  };
}

/** Of placement groups, Dedicated Hosts and capacity reservations. */
async function placementInputs(server: TestServer, VpcId: string): Promise<Record<string, object>> {
  const ec2 = server.ec2();
  await ec2.createPlacementGroup({ GroupName: "mine" });
  await server.write(async (tx) => {
    for (const id of ["host-a2", "host-a3"]) await addHost(tx, id);
  });
  const place = { AvailabilityZone: "us-east-1a", InstanceType: "m5.large" } as const;
  const { HostIds } = await ec2.allocateHosts(place);
  const reserved = { ...place, AvailabilityZone: "us-east-1b", InstancePlatform: "Linux/UNIX", InstanceCount: 1 } as const;
  const { CapacityReservation: reservation } = await ec2.createCapacityReservation(reserved);
  const named = { CapacityReservationId: reservation?.CapacityReservationId };
  const stopped = await launchOne(server, { Placement: { AvailabilityZone: "us-east-1b" } });
  await server.reportStopped(stopped.instance);
  return {
    AllocateHosts: place,
    CancelCapacityReservation: named,
    CreateCapacityReservation: reserved,
    CreatePlacementGroup: { GroupName: "theirs" },
    DeletePlacementGroup: { GroupName: "mine" },
    GetCapacityReservationUsage: named,
    ModifyCapacityReservation: { ...named, InstanceCount: 2 },
    ModifyHosts: { HostIds, AutoPlacement: "on" },
    ModifyInstanceCapacityReservationAttributes: { InstanceId: stopped.instance, CapacityReservationSpecification: { CapacityReservationPreference: "none" } },
    ModifyInstancePlacement: { InstanceId: stopped.instance, GroupName: "" },
    ModifyVpcTenancy: { VpcId, InstanceTenancy: "default" },
    ReleaseHosts: { HostIds },
  };
}

/** Of the actions on instances' profiles. */
async function profileInputs(server: TestServer, InstanceId: string): Promise<Record<string, object>> {
  await server.iam().createInstanceProfile({ InstanceProfileName: "web" });
  const IamInstanceProfile = { Name: "web" };
  const { instance } = await launchOne(server);
  const { IamInstanceProfileAssociation: association } = await server.ec2().associateIamInstanceProfile({ InstanceId: instance, IamInstanceProfile });
  const AssociationId = association?.AssociationId;
  return {
    AssociateIamInstanceProfile: { InstanceId, IamInstanceProfile },
    DisassociateIamInstanceProfile: { AssociationId },
    ReplaceIamInstanceProfileAssociation: { AssociationId, IamInstanceProfile },
  };
}

/** Of the EBS direct API. */
async function directInputs(server: TestServer): Promise<Record<string, object>> {
  const ebs = server.ebs();
  const written = await upload(ebs, { 0: blockOf("a") });
  const SnapshotId = await start(ebs);
  const block = { BlockData: zeroes, DataLength: zeroes.length, Checksum: sha256(zeroes), ChecksumAlgorithm: "SHA256" };
  return {
    CompleteSnapshot: { SnapshotId, ChangedBlocksCount: 0 },
    GetSnapshotBlock: { SnapshotId: written, BlockIndex: 0, BlockToken: "token" },
    ListChangedBlocks: { SecondSnapshotId: written },
    ListSnapshotBlocks: { SnapshotId: written },
    PutSnapshotBlock: { SnapshotId, BlockIndex: 0, ...block },
    StartSnapshot: { VolumeSize: 1 },
  };
}

/** Of the actions on volumes. */
async function volumeInputs(server: TestServer, instance: string, attached: string): Promise<Record<string, object>> {
  const zone = (await server.ec2().describeVolumes({ VolumeIds: [attached] })).Volumes?.[0]?.AvailabilityZone;
  const { VolumeId } = await server.ec2().createVolume({ Size: 1, AvailabilityZone: zone });
  const { VolumeId: data } = await server.ec2().createVolume({ Size: 1, AvailabilityZone: zone });
  await server.write((tx) => tx.db.updateTable("volumes").set({ observed_state: "available" }).execute());
  await server.ec2().attachVolume({ VolumeId: data, InstanceId: instance, Device: "/dev/sdg" });
  return {
    AttachVolume: { VolumeId, InstanceId: instance, Device: "/dev/sdf" },
    CreateVolume: { Size: 1, AvailabilityZone: zone },
    DeleteVolume: { VolumeId },
    DescribeVolumeAttribute: { VolumeId, Attribute: "autoEnableIO" },
    DetachVolume: { VolumeId: data },
    EnableVolumeIO: { VolumeId },
    ModifyEbsDefaultKmsKeyId: { KmsKeyId: "alias/mine" },
    ModifyVolume: { VolumeId, Size: 2 },
    ModifyVolumeAttribute: { VolumeId, AutoEnableIO: { Value: true } },
  };
}

/** Of the actions on security groups and network ACLs. */
async function trafficInputs(server: TestServer, VpcId: string): Promise<Record<string, object>> {
  const ec2 = server.ec2();
  const { GroupId } = await ec2.createSecurityGroup({ GroupName: "mine", Description: "d" });
  const port = (number: number) => [{ IpProtocol: "tcp", FromPort: number, ToPort: number, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
  const { SecurityGroupRules: [rule] = [] } = await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: port(1) });
  const everything = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
  const change = { SecurityGroupRuleId: rule?.SecurityGroupRuleId, SecurityGroupRule: { IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" } };
  const { NetworkAcls: [standard] = [] } = await ec2.describeNetworkAcls({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
  const { NetworkAcl: acl } = await ec2.createNetworkAcl({ VpcId });
  const NetworkAclId = acl?.NetworkAclId;
  const entry = { NetworkAclId, RuleNumber: 1, Protocol: "-1", RuleAction: "allow" as const, Egress: false, CidrBlock: "0.0.0.0/0" };
  await ec2.createNetworkAclEntry(entry);
  const { PrefixList: list } = await ec2.createManagedPrefixList({ PrefixListName: "mine", AddressFamily: "IPv4", MaxEntries: 2 });
  const PrefixListId = list?.PrefixListId;
  await ec2.modifyManagedPrefixList({ PrefixListId, CurrentVersion: 1, AddEntries: [{ Cidr: "192.0.2.0/24" }] });
  return {
    AuthorizeSecurityGroupEgress: { GroupId, IpPermissions: port(2) },
    AuthorizeSecurityGroupIngress: { GroupId, IpPermissions: port(2) },
    CreateManagedPrefixList: { PrefixListName: "theirs", AddressFamily: "IPv4", MaxEntries: 2 },
    CreateNetworkAcl: { VpcId },
    CreateNetworkAclEntry: { ...entry, RuleNumber: 2 },
    CreateSecurityGroup: { GroupName: "theirs", Description: "d" },
    DeleteManagedPrefixList: { PrefixListId },
    DeleteNetworkAcl: { NetworkAclId },
    DeleteNetworkAclEntry: { NetworkAclId, RuleNumber: 1, Egress: false },
    DeleteSecurityGroup: { GroupId },
    DescribeSecurityGroupReferences: { GroupId: [GroupId] },
    DescribeStaleSecurityGroups: { VpcId },
    GetManagedPrefixListAssociations: { PrefixListId },
    GetManagedPrefixListEntries: { PrefixListId },
    GetSecurityGroupsForVpc: { VpcId },
    ModifyManagedPrefixList: { PrefixListId, PrefixListName: "theirs" },
    ModifySecurityGroupRules: { GroupId, SecurityGroupRules: [change] },
    ReplaceNetworkAclAssociation: { AssociationId: standard?.Associations?.[0]?.NetworkAclAssociationId, NetworkAclId },
    ReplaceNetworkAclEntry: entry,
    RestoreManagedPrefixListVersion: { PrefixListId, CurrentVersion: 2, PreviousVersion: 1 },
    RevokeSecurityGroupEgress: { GroupId, IpPermissions: everything },
    RevokeSecurityGroupIngress: { GroupId, IpPermissions: port(1) },
    UpdateSecurityGroupRuleDescriptionsEgress: { GroupId, IpPermissions: everything },
    UpdateSecurityGroupRuleDescriptionsIngress: { GroupId, IpPermissions: port(1) },
  };
}

/** Of the actions on snapshots and images. */
async function snapshotInputs(server: TestServer, instance: string, volume: string): Promise<Record<string, object>> {
  const ec2 = server.ec2();
  const { Images: [image] = [] } = await ec2.describeImages({ ImageIds: [hvmImage] });
  const root = { DeviceName: "/dev/xvda", Ebs: { SnapshotId: image?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId } };
  const registration = { Name: "mine", VirtualizationType: "hvm", RootDeviceName: "/dev/xvda", BlockDeviceMappings: [root] };
  const { ImageId } = await ec2.registerImage(registration);
  const { ImageId: disabled } = await ec2.registerImage({ ...registration, Name: "disabled" });
  await ec2.disableImage({ ImageId: disabled });
  const { SnapshotId } = await ec2.createSnapshot({ VolumeId: volume });
  await server.write((tx) => tx.db.updateTable("snapshots").set({ observed_state: "completed" }).where("origin", "=", "volume").execute());
  const DiskContainer = { Format: "raw", Url: "file:///disk.raw" };
  const { ImportTaskId } = await ec2.importSnapshot({ DiskContainer });
  return {
    CancelImportTask: { ImportTaskId },
    CopyImage: { SourceImageId: ImageId, SourceRegion: "us-east-1", Name: "copy" },
    CopySnapshot: { SourceSnapshotId: SnapshotId, SourceRegion: "us-east-1" },
    CreateImage: { InstanceId: instance, Name: "theirs" },
    CreateSnapshot: { VolumeId: volume },
    CreateSnapshots: { InstanceSpecification: { InstanceId: instance } },
    DeleteSnapshot: { SnapshotId },
    DeregisterImage: { ImageId },
    DescribeImageAttribute: { ImageId, Attribute: "description" },
    DescribeSnapshotAttribute: { SnapshotId, Attribute: "createVolumePermission" },
    DisableImage: { ImageId },
    DisableImageDeprecation: { ImageId },
    DisableImageDeregistrationProtection: { ImageId },
    EnableImage: { ImageId: disabled },
    EnableImageDeprecation: { ImageId, DeprecateAt: new Date(Date.now() + 3_600_000) },
    EnableImageDeregistrationProtection: { ImageId },
    ImportSnapshot: { DiskContainer },
    ModifyImageAttribute: { ImageId, Description: { Value: "theirs" } },
    ModifySnapshotAttribute: { SnapshotId, CreateVolumePermission: { Add: [{ Group: "all" }] } },
    RegisterImage: { ...registration, Name: "theirs" },
    ResetImageAttribute: { ImageId, Attribute: "launchPermission" },
    ResetSnapshotAttribute: { SnapshotId, Attribute: "createVolumePermission" },
  };
}

test("A refusal names the principal, the action and the resource", async () => {
  await using server = await openTestServer();
  const { instance } = await launchOne(server);
  const arn = `arn:aws:ec2:us-east-1:${account}:instance/${instance}`;
  const { message, ...rest } = await refusal(server.ec2(powerlessKey).getConsoleOutput({ InstanceId: instance }));
  expect({ ...rest, message: message.replace(/message: \S+$/, "message: …") }).toEqual({
    code: "UnauthorizedOperation",
    status: 403,
    message: `You are not authorized to perform this operation. User: arn:aws:iam::${account}:user/powerless is not authorized to perform: ec2:GetConsoleOutput on resource: ${arn} because no identity-based policy allows the ec2:GetConsoleOutput action. Encoded authorization failure message: …`,
  });
});
