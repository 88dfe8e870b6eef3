/**
 * Loads the schemas of an SDK package without its client.
 *
 * Importing the EC2 client takes half a second and 97 MB, nearly all of it for commands, paginators and schemas that are
 * never used. So the package's schema module is read as text; see `schema-source.ts`. When the package is laid out or
 * written otherwise than expected, the whole package is imported instead: slower, but never wrong.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readSchemaSource } from "./schema-source.ts";

const require = createRequire(import.meta.url);

/** The schemas of the package's operations and errors, arrays in the SDK's form. */
export async function loadSchemas(packageName: string): Promise<readonly unknown[]> {
  try {
    return readSchemaModule(packageName);
  } catch {
    return importSchemas(packageName);
  }
}

/** The schemas from the text of the package's schema module. Throws when it is not as expected. */
export function readSchemaModule(packageName: string): readonly unknown[] {
  const folder = join(dirname(require.resolve(`${packageName}/package.json`)), "dist-es", "schemas");
  const [file, ...others] = readdirSync(folder).filter((name) => name.endsWith(".js"));
  // Several modules would import names from each other, which one text at a time cannot follow.
  if (file === undefined || others.length > 0) throw new Error(`${packageName} does not have exactly one schema module`);
  return readSchemaSource(readFileSync(join(folder, file), "utf8"));
}

/** The same from the package's own exports. */
export async function importSchemas(packageName: string): Promise<readonly unknown[]> {
  const exports: object = await import(packageName);
  return Object.values(exports);
}
