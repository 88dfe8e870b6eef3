/**
 * The public state of an attachment: a pure function of what was asked for, what the instance's host said, and what the instance does (facts §4.2).
 *
 *   want       the instance                       state
 *   detached   its guest still holds the device   busy
 *   detached   anything else                      detaching
 *   attached   its host said that it is there     attached
 *   attached   does not run                       attached
 *   attached   runs, and began to with it         attached
 *   attached   anything else                      attaching
 */
import type { InstanceRow } from "../store/compute-tables.ts";
import type { VolumeAttachmentRow } from "../store/storage-tables.ts";
import { toInstanceState } from "./instance-state.ts";

export type AttachmentState = "attaching" | "attached" | "detaching" | "busy";

/** The columns of the instance that decide. */
export type HoldingInstance = Parameters<typeof toInstanceState>[0] & Pick<InstanceRow, "launched_at">;

export function toAttachmentState(attachment: Pick<VolumeAttachmentRow, "want" | "observed_state" | "attached_at">, instance: HoldingInstance): AttachmentState {
  if (attachment.want === "detached") return attachment.observed_state === "busy" ? "busy" : "detaching";
  if (attachment.observed_state === "attached") return "attached";
  const state = toInstanceState(instance);
  const isThere = state !== "pending" && (state !== "running" || attachment.attached_at <= instance.launched_at);
  return isThere ? "attached" : "attaching";
}
