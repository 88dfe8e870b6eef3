import { defineAction } from "../action.ts";
import { applyAuthorization, authorizationGrants, planAuthorization } from "./authorize-rules.ts";

/** Adds outbound rules to a security group, all or none. */
export const AuthorizeSecurityGroupEgress = defineAction({
  name: "AuthorizeSecurityGroupEgress",
  supported: "whole",
  load: (call) => planAuthorization(call, true),
  authorize: (plan, call) => authorizationGrants("AuthorizeSecurityGroupEgress", plan, call),
  apply: applyAuthorization,
});
