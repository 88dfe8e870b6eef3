import { newAssociation, passProfileGrants, profileArnOf, requireAssociatedInstance, requireProfile, setProfile } from "../../compute/instance-profile.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAssociationView } from "./views/profile-association-view.ts";

/** Gives an instance another profile in the place of the one that it has; the association is a new one. */
export const ReplaceIamInstanceProfileAssociation = defineAction({
  name: "ReplaceIamInstanceProfileAssociation",
  supported: "whole",
  load: async ({ input, caller, tx }) => ({
    instance: await requireAssociatedInstance(tx, caller, input.AssociationId),
    requested: await requireProfile(tx, caller.account, input.IamInstanceProfile),
  }),
  authorize: ({ instance, requested }, { caller }) => [
    { action: "ec2:ReplaceIamInstanceProfileAssociation", resource: ec2Arn(caller, "instance", instance.id), conditions: { "ec2:NewInstanceProfile": profileArnOf(requested) } },
    ...passProfileGrants(requested),
  ],
  apply: async ({ instance, requested }, { tx, random, now }) => {
    const association = newAssociation(requested, random, now);
    await setProfile(tx, instance, association, now);
    return { IamInstanceProfileAssociation: toAssociationView(instance.id, association, "associating") };
  },
});
