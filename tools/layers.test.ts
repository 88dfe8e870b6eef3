import { describe, expect, test } from "vitest";
import { findCycle, importsOf, refuseImport } from "./layers.ts";
import { projectFiles, readProjectFile } from "./source-files.ts";

const sources = projectFiles().filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
// A test may reach for whatever it needs to set its subject up.
const code = sources.filter((file) => !file.endsWith(".test.ts") && !file.includes("/testing/"));
const imports = code.flatMap((file) => importsOf(file, readProjectFile(file)));

describe("the layers", () => {
  test("imports point one way, from the upper layers to the lower", () => {
    const refused = imports.flatMap((one) => {
      const why = refuseImport(one);
      return why === undefined ? [] : [`${one.from} imports ${one.to}: ${why}`];
    });
    expect(refused).toEqual([]);
  });

  test("no parts import each other in a ring", () => {
    expect(findCycle(imports)).toBeUndefined();
  });

  test.each([
    ["src/base/ids.ts", "node:fs"],
    ["src/store/store.ts", "src/compute/launch.ts"],
    ["src/api/pipeline.ts", "src/reconcile/loop.ts"],
    ["src/reconcile/loop.ts", "src/host/agent/parts.ts"],
    ["src/host/agent/parts.ts", "src/store/store.ts"],
    ["src/image/tree.ts", "src/host/engine/engine.ts"],
    ["src/image/tree.ts", "src/block-store/block-store.ts"],
    ["src/block-store/block-store.ts", "src/store/store.ts"],
    ["src/api/pipeline.ts", "src/host/protocol/report.ts"],
    ["src/compute/launch.ts", "src/host/engine/engine.ts"],
    ["src/api/pipeline.ts", "src/cli/program.ts"],
    ["src/host/engine/qemu/qmp.ts", "src/host/engine/uml/uml-engine.ts"],
  ])("the table refuses that %s imports %s", (from, to) => {
    expect(refuseImport({ from, to })).toBeDefined();
  });

  test.each([
    ["src/api/pipeline.ts", "src/base/ids.ts"],
    ["src/reconcile/loop.ts", "src/host/protocol/report.ts"],
    ["src/cli/commands/agent.ts", "src/host/agent/run-agent.ts"],
    ["src/main.ts", "src/cli/program.ts"],
    ["src/host/engine/qemu/qmp.ts", "src/host/engine/engine.ts"],
    ["src/host/disk/volume-store.ts", "src/block-store/block-store.ts"],
  ])("the table allows that %s imports %s", (from, to) => {
    expect(refuseImport({ from, to })).toBeUndefined();
  });

  test("imports are found in every form", () => {
    const text = `import "node:a";\nimport type { B } from "./b.ts";\nimport {\n  c,\n} from "../c.ts";\nexport * from "./d.ts";\n/* import "no"; */\nconst e = await import("./e.ts");\n// import "no";\n`;
    expect(importsOf("src/x/y.ts", text).map(({ to }) => to)).toEqual(["node:a", "src/x/b.ts", "src/c.ts", "src/x/d.ts", "src/x/e.ts"]);
  });

  test("a ring of parts is found and named", () => {
    const ring = [
      { from: "src/a/x.ts", to: "src/b/x.ts" },
      { from: "src/b/y.ts", to: "src/c/x.ts" },
      { from: "src/c/x.ts", to: "src/a/x.ts" },
    ];
    expect(findCycle(ring)).toBe("a → b → c → a");
  });
});
