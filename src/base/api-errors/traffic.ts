/** Errors of security groups and network ACLs. */
import { ApiError } from "./class.ts";

export function reservedGroupName(name: string): ApiError {
  return new ApiError("InvalidGroup.Reserved", `The security group name '${name}' is reserved`);
}

export function duplicateGroup(name: string, vpcId: string): ApiError {
  return new ApiError("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpcId}'`);
}

export function cannotDeleteDefaultGroup(id: string): ApiError {
  return new ApiError("CannotDelete", `the specified group: "${id}" name: "default" cannot be deleted by a user`);
}

/** Something else needs the resource. */
export function dependentObject(id: string): ApiError {
  return new ApiError("DependencyViolation", `resource ${id} has a dependent object`);
}

/** `rule`: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`. */
export function duplicatePermission(rule: string): ApiError {
  return new ApiError("InvalidPermission.Duplicate", `the specified rule "${rule}" already exists`);
}

export function permissionNotFound(): ApiError {
  return new ApiError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
}

/** A rule that names a group of another VPC. */
export function groupInOtherNetwork(): ApiError {
  return new ApiError("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.");
}

export function networkAclEntryExists(ruleNumber: number): ApiError {
  return new ApiError("NetworkAclEntryAlreadyExists", `The network acl entry identified by ${ruleNumber} already exists.`);
}

export function networkAclEntryNotFound(ruleNumber: number, egress: boolean): ApiError {
  return new ApiError("InvalidNetworkAclEntry.NotFound", `The ${egress ? "egress" : "ingress"} network acl entry identified by ${ruleNumber} does not exist.`);
}
