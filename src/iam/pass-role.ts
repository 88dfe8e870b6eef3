/** Handing a role to a service: allowed for the role itself, and where a policy says so for this service only (facts §10.3). */
import type { Grant } from "./authorize.ts";

export function passRoleGrant(roleArn: string, service: string): Grant {
  return { action: "iam:PassRole", resource: roleArn, conditions: { "iam:PassedToService": service } };
}
