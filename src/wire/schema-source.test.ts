import { NormalizedSchema } from "@smithy/core/schema";
import { expect, test } from "vitest";
import { importSchemas, readSchemaModule } from "./schema-module.ts";
import { readSchemaSource } from "./schema-source.ts";
import { serviceFacts } from "./service-facts.ts";
import type { Schema } from "./shape.ts";

/** A schema as text, every schema it refers to by its name, and all those schemas beside it. */
function describeSchemas(roots: readonly unknown[]): ReadonlyMap<string, string> {
  const described = new Map<string, string>();
  const pending = roots.filter((schema): schema is readonly unknown[] => Array.isArray(schema) && (schema[0] === 9 || schema[0] === -3));
  for (let schema = pending.pop(); schema !== undefined; schema = pending.pop()) {
    const name = `${schema[0]} ${schema[1]}#${schema[2]}`;
    if (described.has(name)) continue;
    described.set(name, ""); // a schema may refer to itself
    described.set(name, describeValue(schema, pending));
  }
  return described;
}

function describeValue(value: unknown, pending: (readonly unknown[])[]): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "function") return part;
    const referred: unknown = part();
    if (!Array.isArray(referred)) return `=> ${JSON.stringify(referred)}`;
    pending.push(referred);
    return `=> ${referred[1]}#${referred[2]}`;
  });
}

test.each(Object.values(serviceFacts))("the source of $packageName reads as the package itself has it", async ({ packageName }) => {
  const read = describeSchemas(readSchemaModule(packageName));
  const real = describeSchemas(await importSchemas(packageName));
  expect(read.size).toBeGreaterThan(5);
  expect(read).toEqual(real);
});

test("a structure may contain itself", () => {
  const [operation] = readSchemaSource(
    'const _T = "Tree";\nvar Tree$ = [3, "n", _T, 0, [_T], [() => Tree$]];\nexport var Grow$ = [9, "n", "Grow", 0, () => Tree$, () => Tree$];\n',
  );
  const input = Array.isArray(operation) ? (operation[4] as Schema) : undefined; // position 4 of an operation is its input's schema
  const inner = NormalizedSchema.of(input ?? 0).getMemberSchema("Tree");
  expect(inner.getMemberSchema("Tree").getSchema()).toBe(inner.getSchema());
});

test.each(["[9, n.x]", "[9, f(1)]", "[9, `a${b}`]", "[9, { a: 1 }]", "[9, 'x']", "[9, missing]", "[9, 1"])("refuses source in a form it does not know: %s", (value) => {
  expect(() => readSchemaSource(`export var A$ = ${value};\n`)).toThrow(/schema source/);
});
