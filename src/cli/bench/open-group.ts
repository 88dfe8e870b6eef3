import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, DeleteSecurityGroupCommand, DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import type { BenchGuests } from "./guests.ts";
import type { BenchGroup } from "./network-course.ts";

/** A group of the default VPC that lets everything in, for as long as the guests. */
export async function openGroup({ client, profile, atEnd }: BenchGuests): Promise<BenchGroup> {
  const { Subnets: [subnet] = [] } = await client.send(new DescribeSubnetsCommand({ Filters: [{ Name: "availability-zone", Values: [`${profile.region}a`] }, { Name: "default-for-az", Values: ["true"] }] }));
  const vpc = subnet?.VpcId ?? "";
  const { GroupId: id = "" } = await client.send(new CreateSecurityGroupCommand({ GroupName: `bench-${process.pid}`, Description: "hostelry bench", VpcId: vpc }));
  atEnd(() => client.send(new DeleteSecurityGroupCommand({ GroupId: id })));
  await client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] }));
  return { id, vpc };
}
