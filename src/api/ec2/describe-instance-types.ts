import { invalidInstanceType, invalidParameterValue } from "../../base/api-error.ts";
import { findInstanceType, listInstanceTypes } from "../../compute/instance-types/catalogue.ts";
import type { InstanceType } from "../../compute/instance-types/instance-type.ts";
import { toInstanceTypeInfo } from "../../compute/instance-types/instance-type-view.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { instanceTypeFilters } from "./views/instance-type-filters.ts";

const maxNames = 100;

/** The catalogue of instance types; whether a host has room for one is another question. Only the types of the page are shown in full. */
export const DescribeInstanceTypes = defineDescribe({
  name: "DescribeInstanceTypes",
  supported: "whole",
  list: ({ input }) => (input.InstanceTypes === undefined || input.InstanceTypes.length === 0 ? listInstanceTypes() : requireNamed(input.InstanceTypes)),
  key: (type) => type.name,
  filters: instanceTypeFilters,
  page: { minimum: 5, maximum: 100, unasked: 100 },
  output: (rows, nextToken) => ({ InstanceTypes: rows.map(toInstanceTypeInfo), ...nextTokenField(nextToken) }),
});

function requireNamed(names: readonly string[]): readonly InstanceType[] {
  if (names.length > maxNames) throw invalidParameterValue(`The number of instance types must not exceed ${maxNames}.`);
  const unknown = names.filter((name) => findInstanceType(name) === undefined);
  if (unknown.length > 0) throw invalidInstanceType(unknown);
  return [...new Set(names)].flatMap((name) => findInstanceType(name) ?? []);
}
