import { connectInstanceNotFound } from "../../base/api-error.ts";
import { findOrMakeSigningKey, keepKeySigner, signKey } from "../../compute/connect/key-signer.ts";
import { hasArrived, keyLifetimeMs, pushKey, requireInstanceId, requirePublicKey, requireReachable, requireUserName } from "../../compute/connect/pushed-key.ts";
import { defineServiceAction, ec2Arn } from "../action.ts";
import { awaitRows } from "../await-rows.ts";

/** Lets the holder of a key log in to a guest as this user, in the next minute. Whether the instance is there is told only to those who may. */
export const SendSSHPublicKey = defineServiceAction("ec2-instance-connect", {
  name: "SendSSHPublicKey",
  supported: "whole",
  prepare: (_input, { store, secretKey }) => findOrMakeSigningKey(store, secretKey),
  load: ({ input }) => ({ id: requireInstanceId(input.InstanceId), user: requireUserName(input.InstanceOSUser), publicKey: requirePublicKey(input.SSHPublicKey) }),
  authorize: ({ id, user }, { caller }) => [{ action: "ec2-instance-connect:SendSSHPublicKey", resource: ec2Arn(caller, "instance", id), conditions: { "ec2:osuser": user } }],
  apply: async ({ id, user, publicKey }, { input, prepared, caller, requestId, tx, secretKey, random, now }) => {
    const instance = await requireReachable(tx, caller, id, ["running"]);
    if (input.AvailabilityZone !== undefined && input.AvailabilityZone !== instance.zone) throw connectInstanceNotFound(id);
    const expiresAt = now + keyLifetimeMs;
    const facts = { instanceId: id, region: caller.region, callerArn: caller.arn, requestId, publicKey, expiresAt };
    const { block, signature } = signKey(await keepKeySigner(tx, prepared, secretKey, random, now), facts, random, now);
    await pushKey(tx, { request_id: requestId, instance_id: id, os_user: user, block, signature: JSON.stringify(signature), expires_at: expiresAt }, now);
    return { RequestId: requestId, Success: true };
  },
  settle: ({ RequestId: requestId = "" }, settling) => awaitRows(settling, ["machines"], (tx) => hasArrived(tx, requestId)),
});
