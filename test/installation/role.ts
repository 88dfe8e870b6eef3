/** A role for guests, in an instance profile of the same name. */
import { IAM } from "@aws-sdk/client-iam";
import type { TestInstallation } from "./installation.ts";

export async function makeRole({ profile }: TestInstallation, name: string, actions: readonly string[]): Promise<void> {
  const { url, region, accessKeyId, secretAccessKey } = profile;
  const iam = new IAM({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey } });
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });
  await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: document({ Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }) });
  await iam.putRolePolicy({ RoleName: name, PolicyName: "allowed", PolicyDocument: document({ Action: actions, Resource: "*" }) });
  await iam.createInstanceProfile({ InstanceProfileName: name });
  await iam.addRoleToInstanceProfile({ InstanceProfileName: name, RoleName: name });
  iam.destroy();
}
