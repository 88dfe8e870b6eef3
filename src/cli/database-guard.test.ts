import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refuseLostDatabase } from "./database-guard.ts";

let data = "";
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "guard-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const database = () => join(data, "control", "hostelry.sqlite");

test("a new installation may begin with no database", () => {
  expect(() => refuseLostDatabase(data, database())).not.toThrow();
});

test("volumes without the database that knew them are left alone", () => {
  mkdirSync(join(data, "storage", "as", "volumes"), { recursive: true });
  writeFileSync(join(data, "storage", "as", "volumes", "vol-0123456789abcdef0.qcow2"), "data");
  expect(() => refuseLostDatabase(data, database())).toThrow(/1 volumes are here that only it knew/);
  mkdirSync(join(data, "control"));
  writeFileSync(database(), "");
  expect(() => refuseLostDatabase(data, database())).not.toThrow();
});
