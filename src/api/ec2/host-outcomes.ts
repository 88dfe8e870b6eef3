/** Calls about several Dedicated Hosts, which answer for each whether it was done. */
import type { UnsuccessfulItem } from "@aws-sdk/client-ec2";
import { isApiError, missingParameter } from "../../base/api-error.ts";
import { ownedRows, type Owner } from "../../compute/owned-rows.ts";
import type { Tx } from "../../store/store.ts";
import { viewHosts, type ViewedHost } from "./views/dedicated-host-view.ts";

export async function requireHosts(tx: Tx, owner: Owner, ids: readonly string[] = []): Promise<readonly ViewedHost[]> {
  if (ids.length === 0) throw missingParameter("hostIds");
  return viewHosts(tx, await ownedRows(tx, "dedicated_hosts", owner, ids));
}

/** A host of which `work` throws an API error is left as it was, and the others are done. */
export async function outcomesOf(hosts: readonly ViewedHost[], work: (host: ViewedHost) => Promise<void>): Promise<{ Successful: string[]; Unsuccessful: UnsuccessfulItem[] }> {
  const [successful, unsuccessful]: [string[], UnsuccessfulItem[]] = [[], []];
  for (const host of hosts) {
    try {
      await work(host);
      successful.push(host.row.id);
    } catch (thrown) {
      if (!isApiError(thrown)) throw thrown;
      unsuccessful.push({ ResourceId: host.row.id, Error: { Code: thrown.code, Message: thrown.message } });
    }
  }
  return { Successful: successful, Unsuccessful: unsuccessful };
}
