/** Writes the documents in docs/reference anew. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { currentReference, referenceFile } from "./actions-reference.ts";
import { instanceTypesReference, typesReferenceFile } from "./instance-types-reference.ts";
import { root } from "./source-files.ts";

const documents: readonly (readonly [file: string, text: string])[] = [
  [referenceFile, await currentReference()],
  [typesReferenceFile, instanceTypesReference()],
];
for (const [file, text] of documents) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
