import { serialAccess } from "../../compute/connect/serial-access.ts";
import { defineAction } from "../action.ts";

/** Whether serial consoles of the account's instances in this region can be opened. */
export const GetSerialConsoleAccessStatus = defineAction({
  name: "GetSerialConsoleAccessStatus",
  supported: "whole",
  readOnly: true,
  load: () => undefined,
  authorize: () => [{ action: "ec2:GetSerialConsoleAccessStatus", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => ({ SerialConsoleAccessEnabled: await serialAccess(tx, caller), ManagedBy: "account" as const }),
});
