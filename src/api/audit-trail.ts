/**
 * The audit: one event for every call that was understood and whose caller was known, and for whoever signs in or fails to. A change's event is committed with
 * the change, so neither is there without the other. Events of calls that change nothing, and of what failed, are written together, a moment after their
 * answers: a control plane that is killed loses those of its last moment.
 */
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { toAuditEvent, writeAuditEvent, type AuditedCall, type AuditedSignIn } from "../iam/audit/audit-event.ts";
import type { Store, Tx } from "../store/store.ts";
import type { AuditEventRow } from "../store/tables.ts";

export interface AuditTrail {
  /** In the transaction of what happened. */
  write(tx: Tx, happened: AuditedCall | AuditedSignIn): Promise<void>;
  /** Soon. */
  note(happened: AuditedCall | AuditedSignIn): void;
  /** Writes what was noted until now. */
  flush(): Promise<void>;
}

const flushAfterMs = 250;

export function openAuditTrail({ store, random, log }: { readonly store: Store; readonly random: Random; readonly log: Log }): AuditTrail {
  let noted: AuditEventRow[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const events = noted;
    noted = [];
    if (events.length === 0) return;
    await store.write(async (tx) => {
      for (const event of events) await writeAuditEvent(tx, event);
    }, "soon");
  };
  return {
    write: async (tx, happened) => void (await writeAuditEvent(tx, toAuditEvent(happened, random))),
    note: (happened) => {
      noted.push(toAuditEvent(happened, random));
      timer ??= setTimeout(() => void flush().catch((error: unknown) => log.error("events of the audit cannot be written", { error })), flushAfterMs).unref();
    },
    flush,
  };
}
