/**
 * One look at an instance, one step. Pure: everything it may know is in the view.
 *
 *   want         machine on its host                        step
 *   running      ended by the guest                         wish it stopped or terminated, as its shutdown behaviour says
 *   running      engine died                                wish it stopped, with the reason; terminated, where its root disk is lost with that
 *   running      cannot be started, or lost by its host     wish it terminated (first run) or stopped, with the reason
 *   running      anything else, while an image needs it     publish `stopped`
 *                to be down
 *   running      anything else                              publish `running`
 *   stopped      still there                                publish `stopped`
 *   stopped      stopped, or never started                  publish `absent`
 *   terminated   still there                                publish `absent`
 *   stopped      gone (the host confirmed this generation)  let the host go
 *   terminated   gone, or on no host                        finish: addresses, interfaces, volumes; later forget
 *
 *   any          its host is dead                           let the host go; without a wish to leave it, only one that may recover (facts §1.9)
 *   running      on no host: it recovers                    find it another, again and again
 */
import type { EndCause, MachineState } from "../host/protocol/report.ts";
import type { InstanceRow } from "../store/compute-tables.ts";

export interface InstanceView {
  readonly want: InstanceRow["want"];
  readonly run: number;
  /** What becomes of it when its guest shuts down. */
  readonly shutdownBehavior: "stop" | "terminate";
  /** Its root disk goes with its run. */
  readonly hasLocalRoot: boolean;
  readonly hostId: string | null;
  /** The host is declared dead: nothing can be asked of it, and its storage is fenced off. */
  readonly hostIsDead: boolean;
  /** It may go from its dead host to another by itself. */
  readonly recovers: boolean;
  /** What the host was last asked for, or undefined when it was asked for nothing. */
  readonly published: { readonly want: "running" | "stopped" | "absent"; readonly generation: number } | undefined;
  readonly observed: {
    readonly generation: number;
    readonly run: number;
    readonly state: MachineState | null;
    readonly cause: EndCause | null;
    readonly reason: string | null;
  };
  /** An image is being made of it, and its guest must be down for that. */
  readonly downForImage: boolean;
  readonly terminatedAt: number | null;
  readonly forgetAt: number;
}

export type InstanceStep =
  | { readonly do: "publish"; readonly want: "running" | "stopped" | "absent" }
  | { readonly do: "wish"; readonly want: "stopped" | "terminated"; readonly why: "guest" | "engine" | "failed"; readonly reason: string | null }
  | { readonly do: "release-host" }
  | { readonly do: "leave-dead-host" }
  | { readonly do: "find-host" }
  | { readonly do: "finish" }
  | { readonly do: "forget" }
  | { readonly do: "wait"; readonly until: number | undefined };

export function decideInstance(view: InstanceView, now: number): InstanceStep {
  switch (view.want) {
    case "running":
      return decideRunning(view);
    case "stopped":
      if (view.hostId === null) return { do: "wait", until: undefined };
      if (view.hostIsDead) return { do: "leave-dead-host" };
      if (isGone(view)) return { do: "release-host" };
      return { do: "publish", want: hasEnded(view) || view.published?.want === "absent" ? "absent" : "stopped" };
    case "terminated":
      if (view.terminatedAt !== null) return now >= view.forgetAt ? { do: "forget" } : { do: "wait", until: view.forgetAt };
      if (view.hostId === null) return { do: "finish" };
      if (view.hostIsDead) return { do: "leave-dead-host" };
      return isGone(view) ? { do: "release-host" } : { do: "publish", want: "absent" };
  }
}

function decideRunning(view: InstanceView): InstanceStep {
  const { run, state, cause, reason } = view.observed;
  if (view.hostId === null) return { do: "find-host" };
  if (view.hostIsDead) return view.recovers ? { do: "leave-dead-host" } : { do: "wait", until: undefined };
  // Why the guest went down does not matter then: it comes back when its volumes' moment is fixed.
  if (view.downForImage) return { do: "publish", want: "stopped" };
  if (run === view.run && state === "stopped" && cause === "guest") {
    return { do: "wish", want: view.shutdownBehavior === "terminate" || view.hasLocalRoot ? "terminated" : "stopped", why: "guest", reason };
  }
  if (run === view.run && state === "stopped" && cause === "engine") return { do: "wish", want: view.hasLocalRoot ? "terminated" : "stopped", why: "engine", reason };
  if (run === view.run && state === "failed") return { do: "wish", want: view.run === 1 ? "terminated" : "stopped", why: "failed", reason };
  const lost = run === view.run && state === "absent" && view.published?.want === "running" && view.observed.generation >= view.published.generation;
  if (lost) return { do: "wish", want: view.run === 1 ? "terminated" : "stopped", why: "failed", reason: "The host no longer has the machine" };
  return { do: "publish", want: "running" };
}

/** The host says, of what it was last asked, that nothing is left. */
function isGone({ published, observed }: InstanceView): boolean {
  return published?.want === "absent" && observed.state === "absent" && observed.generation >= published.generation;
}

/** No engine runs for this run any more, or none ever did. */
function hasEnded({ observed, run }: InstanceView): boolean {
  return observed.run === run && (observed.state === "stopped" || observed.state === "failed" || observed.state === "absent");
}
