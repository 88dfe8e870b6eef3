import { launch, planLaunch } from "../../compute/launch.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { viewInstances } from "./views/instance-parts.ts";
import { toReservation } from "./views/instance-view.ts";

/** Records what should run, reserves its addresses, volumes and room, and answers `pending`; nothing has booted yet. */
export const RunInstances = defineAction({
  name: "RunInstances",
  supported: "no spot or placement options",
  // By the request alone: what its template says may change between a call and its repetition.
  tokenScope: async ({ input, caller, tx }) => {
    if (input.SubnetId === undefined) return input.Placement?.AvailabilityZone ?? "";
    const subnets = tx.db.selectFrom("subnets").select("zone").where("account", "=", caller.account);
    const subnet = await subnets.where("id", "=", input.SubnetId as never).executeTakeFirst(); // only compared
    return subnet?.zone ?? "";
  },
  load: ({ input, caller, tx, now }) => planLaunch(tx, caller, input, now),
  authorize: (plan, { caller }) => [
    ...[
      ec2Arn(caller, "image", plan.image.id),
      ec2Arn(caller, "subnet", plan.subnet.id),
      ec2Arn(caller, "instance", "*"),
      ec2Arn(caller, "volume", "*"),
      ...plan.storage.volumes.flatMap(({ snapshotId: id }) => (id === null ? [] : [ec2Arn(caller, "snapshot", id)])),
      ...plan.network.interfaces.flatMap((each) =>
        each.kind === "new" ? [ec2Arn(caller, "network-interface", "*"), ...each.groupIds.map((id) => ec2Arn(caller, "security-group", id))] : [ec2Arn(caller, "network-interface", each.nic.id)],
      ),
      ...(plan.templateId === undefined ? [] : [ec2Arn(caller, "launch-template", plan.templateId)]),
      ...(plan.keyPair === undefined ? [] : [ec2Arn(caller, "key-pair", plan.keyPair.name)]),
    ].map((resource) => ({ action: "ec2:RunInstances", resource })),
    ...Array.from(plan.tags, ([type, tags]) => createTagsGrants(tags, [ec2Arn(caller, type, "*")])).flat(),
  ],
  apply: async (plan, { tx, random, now }) => {
    const rows = await launch(tx, plan, random, now);
    return toReservation(rows[0]?.reservation_id ?? "", await viewInstances(tx, rows));
  },
});
