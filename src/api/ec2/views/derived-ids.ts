/**
 * Ids of things that are no rows of their own because they come and go with another: an association has its owner's digits, so it is
 * the same in every answer.
 */

/** `rtbassoc-0123…` for `rtb-0123…`. */
export function associationIdOf(prefix: "rtbassoc" | "aclassoc" | "vpc-cidr-assoc", ownerId: string): string {
  return `${prefix}-${ownerId.slice(ownerId.lastIndexOf("-") + 1)}`;
}
