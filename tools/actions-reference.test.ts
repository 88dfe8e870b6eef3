import { expect, test } from "vitest";
import { currentReference, referenceFile, renderReference } from "./actions-reference.ts";
import { readProjectFile } from "./source-files.ts";

test("the reference of actions is current (npm run generate)", async () => {
  expect(readProjectFile(referenceFile)).toBe(await currentReference());
});

test("the reference says of each operation how far it is built, or that it is not", () => {
  const built = [
    { service: "sts", name: "GetCallerIdentity", supported: "whole" },
    { service: "ec2", name: "StopInstances", supported: "no hibernation" },
  ];
  const text = renderReference(built, [
    { id: "ec2", operations: ["StartInstances", "StopInstances", "AcceptAddressTransfer"] },
    { id: "sts", operations: ["GetCallerIdentity"] },
  ]);
  expect(text.slice(text.indexOf("## ec2"))).toBe(
    `## ec2: 1 of 3

| operation | supported |
| --- | --- |
| StopInstances | no hibernation |

<details><summary>Not built yet: 2</summary>

AcceptAddressTransfer, StartInstances

</details>

## sts: 1 of 1

| operation | supported |
| --- | --- |
| GetCallerIdentity | whole |
`,
  );
});
