/** The exports of a storage daemon, and how they are taken away for good. */
import { QmpError } from "../qmp/qmp-client.ts";
import { rows } from "./daemon-jobs.ts";
import type { PatientClient } from "./daemon-patience.ts";

export interface FoundExport {
  readonly id: string;
  /** It is being taken away, by an agent that died before it was gone, and is of use to nobody. */
  readonly isEnding: boolean;
}

export async function listExports(client: PatientClient): Promise<readonly FoundExport[]> {
  return rows(await client.execute("query-block-exports")).map((row) => ({ id: String(row["id"]), isEnding: row["shutting-down"] === true }));
}

/** Returns when the export's last request is over and its client is disconnected. */
export async function removeExport(client: PatientClient, id: string): Promise<void> {
  const gone = Promise.withResolvers<void>();
  const stop = client.onEvent(({ event, data }) => void (event === "BLOCK_EXPORT_DELETED" && data["id"] === id && gone.resolve()));
  void client.closed.then(() => gone.reject(new Error(`the storage daemon ended while its export ${id} was taken away`)));
  gone.promise.catch(() => undefined);
  try {
    if (await beginRemoval(client, id)) await client.within(`the end of the export ${id}`, gone.promise);
  } finally {
    stop();
  }
}

/** False when there is no such export any more. One that is being taken away already is refused too, and its end is still to come. */
async function beginRemoval(client: PatientClient, id: string): Promise<boolean> {
  try {
    await client.execute("block-export-del", { id, mode: "hard" });
    return true;
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    return (await listExports(client)).some((one) => one.id === id);
  }
}
