import { expect, test } from "vitest";
import { instanceTypesReference, typesReferenceFile } from "./instance-types-reference.ts";
import { readProjectFile } from "./source-files.ts";

test("the reference of instance types is current (npm run generate)", () => {
  expect(readProjectFile(typesReferenceFile)).toBe(instanceTypesReference());
});
