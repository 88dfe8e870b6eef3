/** The association of an instance with its profile, as EC2 shows it. */
import type { IamInstanceProfileAssociation } from "@aws-sdk/client-ec2";
import type { ProfileAssociation } from "../../../compute/instance-profile.ts";

export function toAssociationView(instanceId: string, { id, profileId, profileArn, since }: ProfileAssociation, state: NonNullable<IamInstanceProfileAssociation["State"]>): IamInstanceProfileAssociation {
  return { AssociationId: id, InstanceId: instanceId, IamInstanceProfile: { Arn: profileArn, Id: profileId }, State: state, Timestamp: new Date(since) };
}
