import { missingParameter } from "../../base/api-error.ts";
import { listInstanceTypes } from "../../compute/instance-types/catalogue.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { compileRequirements } from "./instance-requirements.ts";

/** The types of the catalogue that have the attributes; nothing is launched, and nobody's price is compared. */
export const GetInstanceTypesFromInstanceRequirements = defineDescribe({
  name: "GetInstanceTypesFromInstanceRequirements",
  supported: "whole but for prices and baseline performance, which are not compared",
  list: ({ input }) => {
    if (input.ArchitectureTypes.length === 0) throw missingParameter("ArchitectureTypes");
    if (input.VirtualizationTypes.length === 0) throw missingParameter("VirtualizationTypes");
    const fits = compileRequirements(input.InstanceRequirements);
    return listInstanceTypes()
      .filter((type) => type.architectures.some((each) => input.ArchitectureTypes.includes(each)) && type.virtualizations.some((each) => input.VirtualizationTypes.includes(each)))
      .filter(fits)
      .map(({ name }) => name);
  },
  key: (name) => name,
  page: { minimum: 1, maximum: 1000, unasked: 1000 },
  output: (names, nextToken) => ({ InstanceTypes: names.map((name) => ({ InstanceType: name })), ...nextTokenField(nextToken) }),
});
