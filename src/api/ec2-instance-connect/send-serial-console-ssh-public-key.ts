import { connectArguments } from "../../base/api-error.ts";
import { keyLifetimeMs, pushSerialKey, requireInstanceId, requirePublicKey } from "../../compute/connect/pushed-key.ts";
import { requireSerialConsole } from "../../compute/connect/serial-access.ts";
import { keepPrincipal } from "../../iam/kept-principal.ts";
import { defineServiceAction, ec2Arn } from "../action.ts";

/** Lets the holder of a key open the instance's serial console in the next minute. */
export const SendSerialConsoleSSHPublicKey = defineServiceAction("ec2-instance-connect", {
  name: "SendSerialConsoleSSHPublicKey",
  supported: "whole; for every kind of guest",
  load: ({ input }) => {
    if ((input.SerialPort ?? 0) !== 0) throw connectArguments("The serial port must be 0.");
    return { id: requireInstanceId(input.InstanceId), publicKey: requirePublicKey(input.SSHPublicKey) };
  },
  authorize: ({ id }, { caller }) => [
    { action: "ec2-instance-connect:SendSerialConsoleSSHPublicKey", resource: ec2Arn(caller, "instance", id), conditions: { "ec2-instance-connect:SerialPort": "0" } },
  ],
  apply: async ({ id, publicKey }, { caller, requestId, tx, now }) => {
    await requireSerialConsole(tx, caller, id);
    const key = { request_id: requestId, instance_id: id, public_key: publicKey, caller_arn: caller.arn, caller: keepPrincipal(caller), expires_at: now + keyLifetimeMs };
    await pushSerialKey(tx, key, now);
    return { RequestId: requestId, Success: true };
  },
});
