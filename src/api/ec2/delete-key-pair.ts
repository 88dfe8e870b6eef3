import { missingParameter } from "../../base/api-error.ts";
import { deleteKeyPair, findKeyPair } from "../../compute/key-pair.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { defineAction, ec2Arn } from "../action.ts";

/** Forgets a key pair; succeeds too when there is none of that name or id. Running guests keep the key. */
export const DeleteKeyPair = defineAction({
  name: "DeleteKeyPair",
  supported: "whole",
  load: ({ input: { KeyName: name, KeyPairId: id }, caller, tx }) => {
    if (name === undefined && id === undefined) throw missingParameter("KeyName");
    if (id !== undefined) requireWellFormed("keyPair", [id]);
    return findKeyPair(tx, caller, { name, id });
  },
  authorize: (row, { input, caller }) => [
    { action: "ec2:DeleteKeyPair", resource: ec2Arn(caller, "key-pair", row?.name ?? input.KeyName ?? input.KeyPairId ?? "*") },
  ],
  apply: async (row, { tx }) => {
    if (row === undefined) return { Return: true };
    await deleteKeyPair(tx, row);
    return { Return: true, KeyPairId: row.id };
  },
});
