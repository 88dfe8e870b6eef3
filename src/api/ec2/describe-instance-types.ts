import { invalidInstanceType, invalidParameterValue } from "../../base/api-error.ts";
import { findInstanceType, listInstanceTypes } from "../../compute/instance-types/catalogue.ts";
import { toInstanceTypeInfo } from "../../compute/instance-types/instance-type-view.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { instanceTypeFilters } from "./views/instance-type-filters.ts";

const maxNames = 100;

/** The catalogue of instance types; whether a host has room for one is another question. */
export const DescribeInstanceTypes = defineDescribe({
  name: "DescribeInstanceTypes",
  supported: "whole; the families t3, m5, m5d, c5, r5, m1, m3 and c3",
  list: ({ input }) => {
    const names: readonly string[] = input.InstanceTypes ?? [];
    if (names.length > maxNames) throw invalidParameterValue(`The number of instance types must not exceed ${maxNames}.`);
    const unknown = names.filter((name) => findInstanceType(name) === undefined);
    if (unknown.length > 0) throw invalidInstanceType(unknown);
    return listInstanceTypes()
      .filter(({ name }) => names.length === 0 || names.includes(name))
      .map(toInstanceTypeInfo);
  },
  key: (type) => type.InstanceType ?? "",
  filters: instanceTypeFilters,
  page: { minimum: 5, maximum: 100, unasked: 100 },
  output: (rows, nextToken) => ({ InstanceTypes: [...rows], ...nextTokenField(nextToken) }),
});
