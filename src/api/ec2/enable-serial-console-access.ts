import { setSerialAccess } from "../../compute/connect/serial-access.ts";
import { defineAction } from "../action.ts";

/** From now on serial consoles of the account's instances in this region can be opened by those who may. */
export const EnableSerialConsoleAccess = defineAction({
  name: "EnableSerialConsoleAccess",
  supported: "whole",
  load: () => undefined,
  authorize: () => [{ action: "ec2:EnableSerialConsoleAccess", resource: "*" }],
  apply: async (_nothing, { caller, tx }) => {
    await setSerialAccess(tx, caller, true);
    return { SerialConsoleAccessEnabled: true };
  },
});
