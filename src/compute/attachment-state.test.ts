import { expect, test } from "vitest";
import { toAttachmentState, type HoldingInstance } from "./attachment-state.ts";

const running: HoldingInstance = { want: "running", run: 1, host_id: "h", terminated_at: null, image_task: null, recovering_since: null, observed_run: 1, observed_state: "running", launched_at: 5 };
const pending: HoldingInstance = { ...running, observed_state: "preparing" };
const stopping: HoldingInstance = { ...running, want: "stopped" };
const stopped: HoldingInstance = { ...stopping, host_id: null };

test("An attachment's state follows from what was asked for, what the host said and what the instance does", () => {
  const cases = [
    ["with a launch, while it is pending", { attached_at: 5 }, pending, "attaching"],
    ["with a launch that runs", { attached_at: 5 }, running, "attached"],
    ["later, and not heard of", { attached_at: 6 }, running, "attaching"],
    ["later, and heard of", { attached_at: 6, observed_state: "attached" }, running, "attached"],
    ["later, and not to be had", { attached_at: 6, observed_state: "failed" }, running, "attaching"],
    ["while it stops", { attached_at: 6 }, stopping, "attached"],
    ["while it is stopped", { attached_at: 6 }, stopped, "attached"],
    ["and taken away", { attached_at: 5, want: "detached", observed_state: "attached" }, running, "detaching"],
    ["and taken away while the guest holds on", { attached_at: 5, want: "detached", observed_state: "busy" }, running, "busy"],
    ["and taken away, and given back", { attached_at: 5, want: "detached" }, running, "detaching"],
  ] as const;
  const states = cases.map(([when, attachment, instance]) => [when, toAttachmentState({ want: "attached", observed_state: null, ...attachment }, instance)]);
  expect(states).toEqual(cases.map(([when, , , state]) => [when, state]));
});
