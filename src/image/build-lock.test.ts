import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeBuildLock } from "./build-lock.ts";

let directory = "";
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "lock-"))));
afterEach(() => rm(directory, { recursive: true }));

const forever = new AbortController().signal;
const nothing = () => undefined;

test("a second build waits until the first one ends, and says that it waits", async () => {
  const events: string[] = [];
  const first = await takeBuildLock(directory, "build", forever, nothing);
  const waiting = Promise.withResolvers<void>();
  const second = takeBuildLock(directory, "build", forever, () => {
    events.push("second waits");
    waiting.resolve();
  }).then(async (lock) => {
    events.push("second builds");
    await lock[Symbol.asyncDispose]();
  });
  await waiting.promise;
  events.push("first ends");
  await first[Symbol.asyncDispose]();
  await second;
  expect(events).toEqual(["second waits", "first ends", "second builds"]);
});

test("builds in other folders and imports in the same folder do not wait for each other", async () => {
  await using build = await takeBuildLock(directory, "build", forever, nothing);
  await using other = await takeBuildLock(join(directory, "other"), "build", forever, nothing);
  await using imported = await takeBuildLock(directory, "import", forever, nothing);
  expect([build.waited, other.waited, imported.waited]).toEqual([false, false, false]);
});

test("a wait that is aborted ends with the reason", async () => {
  await using _first = await takeBuildLock(directory, "build", forever, nothing);
  const controller = new AbortController();
  const second = takeBuildLock(directory, "build", controller.signal, () => controller.abort(new Error("the user went away")));
  await expect(second).rejects.toThrow("the user went away");
});
