import { associationOf, requireAssociatedInstance, setProfile } from "../../compute/instance-profile.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAssociationView } from "./views/profile-association-view.ts";

/** Takes an instance's profile away; credentials that its guest has already fetched last until they end. */
export const DisassociateIamInstanceProfile = defineAction({
  name: "DisassociateIamInstanceProfile",
  supported: "whole",
  load: ({ input, caller, tx }) => requireAssociatedInstance(tx, caller, input.AssociationId),
  authorize: (instance, { caller }) => [{ action: "ec2:DisassociateIamInstanceProfile", resource: ec2Arn(caller, "instance", instance.id) }],
  apply: async (instance, { tx, now }) => {
    const association = associationOf(instance);
    await setProfile(tx, instance, undefined, now);
    return association === undefined ? {} : { IamInstanceProfileAssociation: toAssociationView(instance.id, association, "disassociating") };
  },
});
