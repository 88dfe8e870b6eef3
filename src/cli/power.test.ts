import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasRemains } from "./power.ts";

test.each(["data/storage", "data/machines", "run/machines"])("whoever was killed when a removed node's networks were gone and its folder in %s not yet has left remains", (folder) => {
  const directory = mkdtempSync(join(tmpdir(), "hostelry-power-"));
  try {
    const place = { dataDirectory: join(directory, "data"), runDirectory: join(directory, "run"), installation: "0a1b2c", node: "spare" };
    expect(hasRemains(place)).toBe(false);
    mkdirSync(join(directory, folder, "spare"), { recursive: true });
    expect(hasRemains(place)).toBe(true);
    expect(hasRemains({ ...place, node: "another" })).toBe(false);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
