import { defineAction } from "../action.ts";
import { applyAuthorization, authorizationGrants, planAuthorization } from "./authorize-rules.ts";

/** Adds inbound rules to a security group, all or none. */
export const AuthorizeSecurityGroupIngress = defineAction({
  name: "AuthorizeSecurityGroupIngress",
  supported: "whole",
  load: (call) => planAuthorization(call, false),
  authorize: (plan, call) => authorizationGrants("AuthorizeSecurityGroupIngress", plan, call),
  apply: applyAuthorization,
});
