import { launch, planLaunch } from "../../compute/launch.ts";
import { zoneOfPlacement } from "../../compute/launch-network.ts";
import { defineAction } from "../action.ts";
import { launchGrants } from "./launch-grants.ts";
import { viewInstances } from "./views/instance-parts.ts";
import { toReservation } from "./views/instance-view.ts";

/** Records what should run, reserves its addresses, volumes and room, and answers `pending`; nothing has booted yet. */
export const RunInstances = defineAction({
  name: "RunInstances",
  supported: "no spot instances, CPU options, hibernation, enclaves, licenses, host names by resource, host resource groups or spread domains",
  // By the request alone: what its template says may change between a call and its repetition.
  tokenScope: async ({ input, caller, tx }) => {
    if (input.SubnetId === undefined) return zoneOfPlacement(caller.region, input.Placement) ?? "";
    const subnets = tx.db.selectFrom("subnets").select("zone").where("account", "=", caller.account);
    const subnet = await subnets.where("id", "=", input.SubnetId as never).executeTakeFirst(); // only compared
    return subnet?.zone ?? "";
  },
  load: ({ input, caller, tx, now }) => planLaunch(tx, caller, input, now),
  authorize: (plan, { input, caller }) => launchGrants(plan, input, caller),
  apply: async (plan, { tx, random, now }) => {
    const rows = await launch(tx, plan, random, now);
    return toReservation(rows[0]?.reservation_id ?? "", await viewInstances(tx, rows));
  },
});
