import { expect, test } from "vitest";
import { decideImageTask, type ImageTaskView } from "./decide-image-task.ts";

const running: NonNullable<ImageTaskView["instance"]> = { want: "running", run: 3, host_id: "h1", observed_run: 3, observed_state: "running" };
const down: typeof running = { ...running, observed_state: "stopped" };
const step = (phase: ImageTaskView["phase"], instance: ImageTaskView["instance"], ...snapshots: ImageTaskView["snapshots"][number][]) => decideImageTask({ phase, instance, snapshots }).do;

test("The volumes' moment waits until no engine runs", () => {
  expect([
    step("stopping", running, "ordered"),
    step("stopping", { ...running, observed_state: "stopping" }, "ordered"),
    step("stopping", down, "ordered"),
    step("stopping", { ...running, observed_state: "absent" }, "ordered"),
    step("stopping", { ...running, want: "stopped", host_id: null }, "ordered"),
    step("stopping", { ...running, run: 4 }, "ordered"),
    step("stopping", { ...down, want: "terminated" }, "ordered"),
    step("stopping", undefined, "ordered"),
  ]).toEqual(["wait", "wait", "freeze", "freeze", "freeze", "freeze", "fail", "fail"]);
});

test("The guest comes back when every moment is fixed, unless nobody wants it to run", () => {
  expect([
    step("freezing", down, "frozen", "ordered"),
    step("freezing", down, "frozen", "completed"),
    step("freezing", down, "failed", "frozen"),
    step("freezing", { ...down, want: "stopped" }, "frozen"),
    step("freezing", undefined, "frozen"),
    step("starting", { ...down, run: 4 }, "frozen"),
    step("starting", { ...running, run: 4, observed_run: 4, observed_state: "preparing" }, "frozen"),
    step("starting", { ...running, run: 4, observed_run: 4 }, "frozen"),
    step("starting", { ...down, want: "stopped" }, "frozen"),
  ]).toEqual(["wait", "start", "start", "release", "release", "wait", "wait", "release", "release"]);
});

test("The image is available when all snapshots are completed, and failed when one is not to be had", () => {
  expect([
    step("storing", running, "completed", "frozen"),
    step("storing", undefined, "completed", "completed"),
    step("storing", running, "completed", "failed"),
    step("storing", running, "completed", undefined),
    step("done", running, "completed"),
  ]).toEqual(["wait", "finish", "fail", "fail", "wait"]);
});
