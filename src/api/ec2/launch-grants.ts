/** What a launch touches, and what policies may say about what it is to make (facts §10.3). */
import type { LaunchPlan } from "../../compute/launch.ts";
import { passProfileGrants, profileArnOf } from "../../compute/instance-profile.ts";
import { imageRootType } from "../../compute/instance-store.ts";
import { metadataConditions, volumeConditions } from "../../compute/resource-conditions.ts";
import type { ConditionValues, Grant } from "../../iam/authorize.ts";
import { ec2Arn, type Caller } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";

export function launchGrants(plan: LaunchPlan, caller: Caller): Grant[] {
  const run = (type: string, id: string, conditions: ConditionValues = {}): Grant => ({ action: "ec2:RunInstances", resource: ec2Arn(caller, type, id), conditions });
  const place = { "ec2:Vpc": ec2Arn(caller, "vpc", plan.subnet.vpc_id), "ec2:Subnet": ec2Arn(caller, "subnet", plan.subnet.id), "ec2:AvailabilityZone": plan.subnet.zone };
  const associates = plan.network.associatePublicAddress;
  return [
    run("image", plan.image.id),
    run("subnet", plan.subnet.id),
    run("instance", "*", instanceConditions(plan, place)),
    ...plan.storage.volumes.flatMap((volume) => {
      const parent = volume.snapshotId === null ? undefined : ec2Arn(caller, "snapshot", volume.snapshotId);
      const made = run("volume", "*", { ...volumeConditions({ ...volume, zone: plan.subnet.zone }), "ec2:ParentSnapshot": parent });
      return volume.snapshotId === null ? [made] : [made, run("snapshot", volume.snapshotId)];
    }),
    ...plan.network.interfaces.flatMap((each) => {
      if (each.kind === "existing") return [run("network-interface", each.nic.id)];
      const made = run("network-interface", "*", { ...place, "ec2:AssociatePublicIpAddress": associates === undefined ? undefined : String(associates) });
      return [made, ...each.groupIds.map((id) => run("security-group", id))];
    }),
    ...(plan.templateId === undefined ? [] : [run("launch-template", plan.templateId)]),
    ...(plan.keyPair === undefined ? [] : [run("key-pair", plan.keyPair.name)]),
    ...(plan.profile === undefined ? [] : passProfileGrants(plan.profile)),
    ...Array.from(plan.tags, ([type, tags]) => createTagsGrants(tags, [ec2Arn(caller, type, "*")])).flat(),
  ];
}

function instanceConditions({ input, type, image, metadataOptions, profile }: LaunchPlan, place: ConditionValues): ConditionValues {
  return {
    ...place,
    "ec2:InstanceType": type.name,
    "ec2:Tenancy": "default",
    "ec2:EbsOptimized": String(input.EbsOptimized === true),
    "ec2:RootDeviceType": imageRootType(image),
    "ec2:InstanceProfile": profile && profileArnOf(profile),
    "ec2:InstanceMarketType": "on-demand",
    ...metadataConditions(metadataOptions),
  };
}
