import { requireInstances } from "../../compute/instance.ts";
import { requireAlive } from "../../compute/instance-attribute.ts";
import { newAssociation, passProfileGrants, profileArnOf, refuseAssociated, requireProfile, setProfile } from "../../compute/instance-profile.ts";
import { inTurn } from "../in-turn.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { toAssociationView } from "./views/profile-association-view.ts";

/** Gives an instance a profile, running or stopped. */
export const AssociateIamInstanceProfile = defineAction({
  name: "AssociateIamInstanceProfile",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const instances = await requireInstances(tx, caller, [input.InstanceId]);
    for (const instance of instances) requireAlive(instance);
    for (const instance of instances) refuseAssociated(instance);
    return { instances, requested: await requireProfile(tx, caller.account, input.IamInstanceProfile) };
  },
  authorize: ({ instances, requested }, { caller }) => [
    ...instances.map(({ id }) => ({ action: "ec2:AssociateIamInstanceProfile", resource: ec2Arn(caller, "instance", id), conditions: { "ec2:NewInstanceProfile": profileArnOf(requested) } })),
    ...passProfileGrants(requested),
  ],
  apply: async ({ instances, requested }, { tx, random, now }) => {
    const [view] = await inTurn(instances, async (instance) => {
      const association = newAssociation(requested, random, now);
      await setProfile(tx, instance, association, now);
      return toAssociationView(instance.id, association, "associating");
    });
    return view === undefined ? {} : { IamInstanceProfileAssociation: view };
  },
});
