import { expect, test } from "vitest";
import { decideInstance, type InstanceStep, type InstanceView } from "./decide-instance.ts";

type Observed = InstanceView["observed"];

const fresh: Observed = { generation: 0, run: 0, state: null, cause: null, reason: null };
const inRun = (run: number, state: Observed["state"], more: Partial<Observed> = {}): Observed => ({ ...fresh, generation: 5, run, state, ...more });

/** In its second run, on a host that was last asked, as generation 5, to run it. */
const view: InstanceView = {
  want: "running",
  run: 2,
  shutdownBehavior: "stop",
  hasLocalRoot: false,
  hostId: "h1",
  hostIsDead: false,
  recovers: true,
  published: { want: "running", generation: 5 },
  observed: inRun(2, "running"),
  downForImage: false,
  terminatedAt: null,
  forgetAt: 1_000,
};

const step = (changes: Partial<InstanceView>, now = 0): InstanceStep => decideInstance({ ...view, ...changes }, now);
const publish = (want: "running" | "stopped" | "absent") => ({ do: "publish", want });

test("an instance runs until its guest, its engine or its host ends it", () => {
  const ended = (changes: Partial<InstanceView>, cause: Observed["cause"]) => step({ ...changes, observed: inRun(2, "stopped", { cause, reason: "said" }) });
  expect(step({})).toEqual(publish("running"));
  expect(ended({}, "guest")).toEqual({ do: "wish", want: "stopped", why: "guest", reason: "said" });
  expect(ended({ shutdownBehavior: "terminate" }, "guest")).toMatchObject({ want: "terminated" });
  expect([ended({}, "engine"), ended({ hasLocalRoot: true }, "engine")]).toMatchObject([{ want: "stopped", why: "engine" }, { want: "terminated", why: "engine" }]);
  expect([step({ observed: inRun(2, "failed") }), step({ run: 1, observed: inRun(1, "failed") })]).toMatchObject([{ want: "stopped", why: "failed" }, { want: "terminated", why: "failed" }]);
  expect(step({ observed: inRun(2, "absent") })).toMatchObject({ want: "stopped", why: "failed", reason: "The host no longer has the machine" });
  expect(step({ observed: inRun(2, "absent", { generation: 4 }) }), "the host has not read the last order").toEqual(publish("running"));
  expect(step({ downForImage: true, observed: inRun(2, "stopped", { cause: "guest" }) })).toEqual(publish("stopped"));
});

test("what was said of an earlier run counts for nothing: a guest that has just begun is neither given up nor cut off", () => {
  const former = (state: Observed["state"], cause: Observed["cause"] = null) => inRun(1, state, { cause });
  const ends = [former("stopped", "guest"), former("stopped", "engine"), former("failed"), former("absent")];
  expect(ends.map((observed) => step({ observed }))).toEqual(ends.map(() => publish("running")));
  expect(ends.map((observed) => step({ want: "stopped", observed })), "it may run: it is shut down").toEqual(ends.map(() => publish("stopped")));
});

test("an instance that is stopped leaves its host when nothing is left there", () => {
  const stopped = (changes: Partial<InstanceView>) => step({ want: "stopped", ...changes });
  const asked = { want: "absent", generation: 6 } as const;
  expect(stopped({})).toEqual(publish("stopped"));
  expect([stopped({ observed: inRun(2, "stopped") }), stopped({ observed: inRun(2, "failed") })]).toEqual([publish("absent"), publish("absent")]);
  expect(stopped({ published: asked, observed: inRun(2, "absent") }), "of an earlier order").toEqual(publish("absent"));
  expect(stopped({ published: asked, observed: inRun(2, "absent", { generation: 6 }) })).toEqual({ do: "release-host" });
  expect(stopped({ hostId: null })).toEqual({ do: "wait", until: undefined });
});

test("an instance that is terminated goes from its host, gives back what it had, and is forgotten later", () => {
  const terminated = (changes: Partial<InstanceView>, now = 0) => step({ want: "terminated", ...changes }, now);
  expect(terminated({})).toEqual(publish("absent"));
  expect(terminated({ published: { want: "absent", generation: 6 }, observed: inRun(2, "absent", { generation: 6 }) })).toEqual({ do: "release-host" });
  expect(terminated({ hostId: null })).toEqual({ do: "finish" });
  expect([terminated({ hostId: null, terminatedAt: 10 }, 999), terminated({ hostId: null, terminatedAt: 10 }, 1_000)]).toEqual([{ do: "wait", until: 1_000 }, { do: "forget" }]);
});

test("a dead host is left, by one that should run only if it may recover, which then looks for another", () => {
  const onDead = (changes: Partial<InstanceView>) => step({ hostIsDead: true, ...changes });
  expect([onDead({}), onDead({ want: "stopped" }), onDead({ want: "terminated" })]).toEqual(Array.from({ length: 3 }, () => ({ do: "leave-dead-host" })));
  expect(onDead({ recovers: false })).toEqual({ do: "wait", until: undefined });
  expect(step({ hostId: null })).toEqual({ do: "find-host" });
});
