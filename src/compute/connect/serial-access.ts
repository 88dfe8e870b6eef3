/** Whether an account's instances in a region may be reached over their serial consoles; off until somebody turns it on (facts §9.5). */
import { serialAccessDisabled } from "../../base/api-error.ts";
import type { InstanceId } from "../../base/ids.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import { findAccountSetting, putAccountSetting } from "../../store/account-settings.ts";
import type { Tx } from "../../store/store.ts";
import type { Owner } from "../owned-rows.ts";
import { requireReachable } from "./pushed-key.ts";

const setting = "serial-console-access";

export async function serialAccess(tx: Tx, owner: Owner): Promise<boolean> {
  return (await findAccountSetting(tx, owner, setting)) !== undefined;
}

export async function setSerialAccess(tx: Tx, owner: Owner, enabled: boolean): Promise<void> {
  await putAccountSetting(tx, owner, setting, enabled ? "true" : undefined);
}

/** The owner's instance, if its serial console can be opened now. */
export async function requireSerialConsole(tx: Tx, owner: Owner, id: InstanceId): Promise<InstanceRow> {
  if (!(await serialAccess(tx, owner))) throw serialAccessDisabled();
  return requireReachable(tx, owner, id, ["pending", "running", "stopping", "shutting-down"]);
}
