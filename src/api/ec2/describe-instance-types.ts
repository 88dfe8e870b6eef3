import { invalidInstanceType, invalidParameterValue } from "../../base/api-error.ts";
import { listInstanceTypeNames, makeInstanceType } from "../../compute/instance-types/catalogue.ts";
import { toInstanceTypeInfo } from "../../compute/instance-types/instance-type-view.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { instanceTypeFilters } from "./views/instance-type-filters.ts";

const maxNames = 100;

/** The catalogue of instance types; whether a host has room for one is another question. Its rows are names: only what a filter or the page shows is made. */
export const DescribeInstanceTypes = defineDescribe({
  name: "DescribeInstanceTypes",
  supported: "whole",
  list: ({ input }) => (input.InstanceTypes === undefined || input.InstanceTypes.length === 0 ? listInstanceTypeNames() : requireNames(input.InstanceTypes)),
  key: (name) => name,
  filters: instanceTypeFilters,
  page: { minimum: 5, maximum: 100, unasked: 100 },
  output: (names, nextToken) => ({ InstanceTypes: names.map((name) => toInstanceTypeInfo(makeInstanceType(name))), ...nextTokenField(nextToken) }),
});

function requireNames(names: readonly string[]): readonly string[] {
  if (names.length > maxNames) throw invalidParameterValue(`The number of instance types must not exceed ${maxNames}.`);
  const known = new Set(listInstanceTypeNames());
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) throw invalidInstanceType(unknown);
  return [...new Set(names)];
}
