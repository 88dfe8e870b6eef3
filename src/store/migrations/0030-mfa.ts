/** Whether somebody who signed in with a browser showed a code of an MFA device. */
import type { Kysely } from "kysely";
import { addColumns } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, { browser_sessions: "i=0 with_mfa" });
}
