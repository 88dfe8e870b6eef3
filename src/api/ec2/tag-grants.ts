/** Tags that a creating call gives to what it makes. */
import { requestTagConditions, type Grant } from "../../iam/authorize.ts";
import { parseTagSpecifications, putTags, type Tag } from "../../compute/tags.ts";
import type { Call } from "../action.ts";

/** What a creating call that gives tags must be allowed besides itself; without tags nothing (facts §10.3). Not all need be the request's own: templates have some too. */
export function createTagsGrants(tags: readonly Tag[], resources: readonly string[]): Grant[] {
  return tags.length === 0 ? [] : resources.map((resource) => ({ action: "ec2:CreateTags", resource, conditions: requestTagConditions(tags) }));
}

/** The tags for the one new resource, of this type. */
export function newTags({ TagSpecifications: specifications }: { readonly TagSpecifications?: Parameters<typeof parseTagSpecifications>[0] }, type: string): readonly Tag[] {
  return parseTagSpecifications(specifications, [type]).get(type) ?? [];
}

export async function tagNew({ tx, caller }: Pick<Call<unknown>, "tx" | "caller">, type: string, id: string, tags: readonly Tag[]): Promise<void> {
  await putTags(tx, { id, type, account: caller.account, region: caller.region }, tags);
}
