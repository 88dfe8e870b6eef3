/** Has the host of a guest look into it, wherever that host is. */
import type { InstanceId } from "../../base/ids.ts";
import type { Inspection } from "../../host/protocol/inspection.ts";
import type { HostDesk } from "../../reconcile/hosts/host-desk.ts";
import type { Store } from "../../store/store.ts";
import { askHost } from "../ask-host.ts";
import { CommandError } from "../command-error.ts";

export interface GuestInspection extends Inspection {
  readonly host: string;
}

/** How long an engine may take to answer all that it is asked, beside the look itself. */
const answerMs = 30_000;

/** Fails with a `CommandError` for what runs nowhere, and for a host that does not answer. */
export async function inspectGuest({ store, desk }: { readonly store: Store; readonly desk: HostDesk }, id: string, sampleMs: number): Promise<GuestInspection> {
  const machine = id as InstanceId; // only compared
  const row = await store.read((tx) => tx.db.selectFrom("instances").select("host_id").where("id", "=", machine).executeTakeFirst());
  const host = row?.host_id ?? undefined;
  if (host === undefined) throw new CommandError(`No host has the instance ${id}.`, { remedy: "See ./hostelry status" });
  return { ...(await askHost<Inspection>(desk.streams, host, { kind: "inspection", machine, sampleMs }, answerMs + sampleMs)), host };
}
