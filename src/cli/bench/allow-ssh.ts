import { AuthorizeSecurityGroupIngressCommand, type EC2Client } from "@aws-sdk/client-ec2";

/** Lets everybody reach port 22 of guests in the default security group, as an account's user does before the first login. Allowed already: fine. */
export async function allowSsh(client: EC2Client): Promise<void> {
  const port = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
  try {
    await client.send(new AuthorizeSecurityGroupIngressCommand({ GroupName: "default", IpPermissions: [port] }));
  } catch (thrown) {
    if (!(thrown instanceof Error && thrown.name === "InvalidPermission.Duplicate")) throw thrown;
  }
}
