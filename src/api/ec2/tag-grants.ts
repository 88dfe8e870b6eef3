/** What a creating call that carries tags must be allowed besides itself; without tags nothing (facts §10.3). */
import type { Tag } from "../../compute/tags.ts";
import type { Grant } from "../../iam/authorize.ts";

export function createTagsGrants(tags: readonly Tag[], resources: readonly string[]): Grant[] {
  return tags.length === 0 ? [] : resources.map((resource) => ({ action: "ec2:CreateTags", resource }));
}
