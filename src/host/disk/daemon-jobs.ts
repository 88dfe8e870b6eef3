/** Block jobs of a storage daemon: started, watched to their end, and never left behind. */
import type { QmpClient } from "../qmp/qmp-client.ts";
import type { Node } from "./daemon-nodes.ts";
import type { PatientClient } from "./daemon-patience.ts";

export interface Job {
  readonly id: string;
  readonly command: "block-commit";
  readonly args: Node;
}

/** Returns when the job has done everything, however long that takes; rejects when it failed, or when the signal ended it. */
export async function runJob(client: PatientClient, { id, command, args }: Job, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const over = Promise.withResolvers<void>();
  const stopListening = client.onEvent(({ event, data }) => void (event === "JOB_STATUS_CHANGE" && data["id"] === id && data["status"] === "concluded" && over.resolve()));
  void client.closed.then(() => over.reject(new Error(`the storage daemon was let go of during its job ${id}`)));
  over.promise.catch(() => undefined);
  const cancel = (): void => {
    client.execute("block-job-cancel", { device: id, force: true }).catch(() => undefined); // it may be over already
    client.within(`the end of the job ${id}`, over.promise).catch(() => undefined); // said below
  };
  try {
    await client.execute(command, { "job-id": id, ...args, "auto-dismiss": false });
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    await over.promise;
    const job = await findJob(client, id);
    await client.execute("job-dismiss", { id });
    signal.throwIfAborted();
    if (job?.error !== undefined) throw new Error(`the storage daemon's job ${id} failed: ${job.error}`);
  } finally {
    stopListening();
    signal.removeEventListener("abort", cancel);
  }
}

/** Ends what an agent left behind that has died. All jobs may be begun anew at any time. */
export async function endJobs(client: QmpClient): Promise<void> {
  for (;;) {
    const jobs = await listJobs(client);
    if (jobs.length === 0) return;
    for (const { id, status } of jobs) {
      if (status === "concluded") await client.execute("job-dismiss", { id });
      else await client.execute("job-cancel", { id }).catch(() => undefined); // it may be about to end by itself
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface FoundJob {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
}

async function findJob(client: QmpClient, id: string): Promise<FoundJob | undefined> {
  return (await listJobs(client)).find((job) => job.id === id);
}

async function listJobs(client: QmpClient): Promise<readonly FoundJob[]> {
  return rows(await client.execute("query-jobs")).map((row) => ({
    id: String(row["id"]),
    status: String(row["status"]),
    ...(typeof row["error"] === "string" ? { error: row["error"] } : {}),
  }));
}

/** The objects of a list that QEMU answered. */
export function rows(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((row) => typeof row === "object" && row !== null) : [];
}
