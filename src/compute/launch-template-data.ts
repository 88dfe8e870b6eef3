/** What a version of a launch template holds, and how it is laid under a request: the request's members win, lists as a whole (facts §12.1). */
import type { RequestLaunchTemplateData, RunInstancesCommandInput, ValidationError } from "@aws-sdk/client-ec2";
import { invalidInstanceTypeAtLaunch, invalidParameterCombination } from "../base/api-error.ts";
import { findInstanceType } from "./instance-types/catalogue.ts";

export type LaunchTemplateData = RequestLaunchTemplateData;

/** What templates and launches have in common. */
interface Layer {
  readonly SecurityGroupIds?: readonly string[] | undefined;
  readonly SecurityGroups?: readonly string[] | undefined;
  readonly TagSpecifications?: readonly { readonly ResourceType?: string | undefined }[] | undefined;
}

/** `upper` over `lower`. Tag specifications are taken type by type; groups by name go with groups by id. */
export function overlay<Upper extends Layer, Lower extends Layer>(upper: Upper, lower: Lower): Upper & Lower {
  const { SecurityGroupIds: ids, SecurityGroups: names, TagSpecifications: below = [], ...others } = lower;
  const given = Object.fromEntries(Object.entries(upper).filter(([, value]) => value !== undefined));
  const groups = upper.SecurityGroupIds === undefined && upper.SecurityGroups === undefined ? present({ SecurityGroupIds: ids, SecurityGroups: names }) : {};
  const above = upper.TagSpecifications ?? [];
  const tags = [...below.filter(({ ResourceType: type }) => above.every((each) => each.ResourceType !== type)), ...above];
  // Each member is one of the two layers', which the compiler cannot follow through the entries.
  return { ...others, ...groups, ...given, ...(tags.length === 0 ? {} : { TagSpecifications: tags }) } as unknown as Upper & Lower;
}

/** A launch with what its template says of it. Fails for a template that leaves the choice of the type to others. */
export function launchInput(input: RunInstancesCommandInput, data: LaunchTemplateData): RunInstancesCommandInput {
  const { InstanceRequirements: requirements, RamDiskId: ramdisk, ...members } = data;
  if (requirements !== undefined && input.InstanceType === undefined) {
    throw invalidParameterCombination("A launch template with InstanceRequirements cannot be used by RunInstances without an InstanceType.");
  }
  const { LaunchTemplate: _template, ...request } = input;
  // The members have the same names and meanings in both of the SDK's types.
  return overlay(request, { ...members, ...present({ RamdiskId: ramdisk }) } as Omit<RunInstancesCommandInput, "MinCount" | "MaxCount">);
}

export function parseTemplateData(json: string): LaunchTemplateData {
  const data = JSON.parse(json) as LaunchTemplateData; // written by createTemplate and createVersion
  const spot = data.InstanceMarketOptions?.SpotOptions;
  if (spot?.ValidUntil !== undefined) spot.ValidUntil = new Date(spot.ValidUntil);
  return data;
}

/** What a launch would refuse for certain; the template is made all the same. */
export function warningsOf(data: LaunchTemplateData): ValidationError[] {
  const type = data.InstanceType !== undefined && findInstanceType(data.InstanceType) === undefined ? [invalidInstanceTypeAtLaunch(data.InstanceType)] : [];
  const groups = (data.SecurityGroupIds?.length ?? 0) + (data.SecurityGroups?.length ?? 0) > 0 && (data.NetworkInterfaces?.length ?? 0) > 0;
  const both = data.InstanceType !== undefined && data.InstanceRequirements !== undefined;
  const errors = [
    ...type,
    ...(groups ? [invalidParameterCombination("Network interfaces and instance-level security groups may not be specified on the same request")] : []),
    ...(both ? [invalidParameterCombination("InstanceType and InstanceRequirements cannot be specified together.")] : []),
  ];
  return errors.map(({ code, message }) => ({ Code: code, Message: message }));
}

function present<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<T>; // only members were left out
}
