import { setSerialAccess } from "../../compute/connect/serial-access.ts";
import { defineAction } from "../action.ts";

/** Serial consoles of the account's instances in this region can no longer be opened; a session that is open ends within seconds. */
export const DisableSerialConsoleAccess = defineAction({
  name: "DisableSerialConsoleAccess",
  supported: "whole",
  load: () => undefined,
  authorize: () => [{ action: "ec2:DisableSerialConsoleAccess", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => {
    await setSerialAccess(tx, caller, false);
    return { SerialConsoleAccessEnabled: false };
  },
});
