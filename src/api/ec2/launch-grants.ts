/** What a launch touches, and what policies may say about what it is to make (facts §10.3). */
import type { LaunchPlan } from "../../compute/launch.ts";
import { passProfileGrants, profileArnOf } from "../../compute/instance-profile.ts";
import { imageRootType } from "../../compute/instance-store.ts";
import { groupConditions, metadataConditions, volumeConditions } from "../../compute/resource-conditions.ts";
import { requestTagConditions, type ConditionValues, type Grant } from "../../iam/authorize.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { ec2Arn, type Caller } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";

type LaunchRequest = ActionInput<"ec2", "RunInstances">;

export function launchGrants(plan: LaunchPlan, request: LaunchRequest, caller: Caller): Grant[] {
  const run = (type: string, id: string, more: ConditionValues = {}): Grant => ({
    action: "ec2:RunInstances",
    resource: ec2Arn(caller, type, id),
    conditions: { ...templateConditions(plan, request, type, caller), ...(id === "*" ? requestTagConditions(plan.tags.get(type) ?? []) : {}), ...more },
  });
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
    ...(plan.placement.group === undefined ? [] : [run("placement-group", plan.placement.group.name)]),
    ...(plan.placement.host === undefined ? [] : [run("dedicated-host", plan.placement.host.id)]),
    ...(plan.placement.capacity.capacity_target === null ? [] : [run("capacity-reservation", plan.placement.capacity.capacity_target)]),
    ...(plan.keyPair === undefined ? [] : [run("key-pair", plan.keyPair.name)]),
    ...(plan.profile === undefined ? [] : passProfileGrants(plan.profile)),
    ...Array.from(plan.tags, ([type, tags]) => createTagsGrants(tags, [ec2Arn(caller, type, "*")])).flat(),
  ];
}

/** The members of a request that name what is touched of a kind themselves, whatever the template says. */
const naming: Readonly<Record<string, readonly (keyof LaunchRequest)[]>> = {
  image: ["ImageId"],
  subnet: ["SubnetId", "NetworkInterfaces"],
  "security-group": ["SecurityGroupIds", "SecurityGroups", "NetworkInterfaces"],
  "network-interface": ["NetworkInterfaces"],
  volume: ["BlockDeviceMappings"],
  snapshot: ["BlockDeviceMappings"],
  "key-pair": ["KeyName"],
  "placement-group": ["Placement"],
  "dedicated-host": ["Placement"],
  "capacity-reservation": ["CapacityReservationSpecification"],
};

function templateConditions({ templateId }: LaunchPlan, request: LaunchRequest, type: string, caller: Caller): ConditionValues {
  if (templateId === undefined) return {};
  const isNamed = (naming[type] ?? []).some((member) => request[member] !== undefined);
  return { "ec2:LaunchTemplate": ec2Arn(caller, "launch-template", templateId), "ec2:IsLaunchTemplateResource": String(!isNamed) };
}

function instanceConditions(plan: LaunchPlan, place: ConditionValues): ConditionValues {
  const { input, type, image, metadataOptions, profile, placement } = plan;
  return {
    ...place,
    "ec2:InstanceType": type.name,
    "ec2:Tenancy": placement.tenancy,
    ...groupConditions(placement.group, (of, id) => ec2Arn(plan.owner, of, id)),
    "ec2:EbsOptimized": String(input.EbsOptimized === true),
    "ec2:RootDeviceType": imageRootType(image),
    "ec2:InstanceProfile": profile && profileArnOf(profile),
    "ec2:InstanceMarketType": "on-demand",
    ...metadataConditions(metadataOptions),
  };
}
