import { createKeyPair, parseKeyFormat, parseKeyType, refuseTakenKeyName, requireKeyName } from "../../compute/key-pair.ts";
import { createKeyPairMaterial, type CreatedKeyPair } from "../../compute/key-pair-material.ts";
import { parseTagSpecifications, type Tag } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toTagViews } from "./views/tag-view.ts";

/** Makes a key pair and hands out its private half, once. */
export const CreateKeyPair = defineAction<"CreateKeyPair", readonly Tag[], CreatedKeyPair | undefined>({
  name: "CreateKeyPair",
  supported: "whole",
  prepare: async ({ KeyName: name, KeyType: type, KeyFormat: format, DryRun: dryRun }, { random }) => {
    const [keyName, keyType, keyFormat] = [requireKeyName(name), parseKeyType(type), parseKeyFormat(format)];
    return dryRun === true ? undefined : createKeyPairMaterial(keyName, keyType, keyFormat, random);
  },
  load: async ({ input, caller, tx }) => {
    const tags = parseTagSpecifications(input.TagSpecifications, ["key-pair"]).get("key-pair") ?? [];
    await refuseTakenKeyName(tx, caller, input.KeyName);
    return tags;
  },
  authorize: (tags, { input, caller }) => {
    const resource = ec2Arn(caller, "key-pair", input.KeyName);
    return [{ action: "ec2:CreateKeyPair", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async (tags, { input, prepared, caller, tx, random, now }) => {
    if (prepared === undefined) throw new Error("a dry run is never applied");
    const row = await createKeyPair(tx, caller, { name: input.KeyName, ...prepared }, tags, random, now);
    return { KeyPairId: row.id, KeyName: row.name, KeyFingerprint: row.fingerprint, KeyMaterial: prepared.keyMaterial, Tags: toTagViews(tags) };
  },
});
