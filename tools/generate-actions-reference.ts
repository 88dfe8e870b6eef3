/** Writes docs/reference/actions.md anew. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { currentReference, referenceFile } from "./actions-reference.ts";
import { root } from "./source-files.ts";

const path = join(root, referenceFile);
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, await currentReference());
