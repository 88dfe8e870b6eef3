import { createKeyPair, refuseTakenKeyName, requireKeyName } from "../../compute/key-pair.ts";
import { importKeyPairMaterial } from "../../compute/key-pair-material.ts";
import { parseTagSpecifications } from "../../compute/tags.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { createTagsGrants } from "./tag-grants.ts";
import { toTagViews } from "./views/tag-view.ts";

/** Takes a public key that the caller made. */
export const ImportKeyPair = defineAction({
  name: "ImportKeyPair",
  supported: "whole",
  load: async ({ input, caller, tx }) => {
    const name = requireKeyName(input.KeyName);
    const tags = parseTagSpecifications(input.TagSpecifications, ["key-pair"]).get("key-pair") ?? [];
    const material = importKeyPairMaterial(name, input.PublicKeyMaterial);
    await refuseTakenKeyName(tx, caller, name);
    return { name, tags, material };
  },
  authorize: ({ name, tags }, { caller }) => {
    const resource = ec2Arn(caller, "key-pair", name);
    return [{ action: "ec2:ImportKeyPair", resource }, ...createTagsGrants(tags, [resource])];
  },
  apply: async ({ name, tags, material }, { caller, tx, random, now }) => {
    const row = await createKeyPair(tx, caller, { name, ...material }, tags, random, now);
    return { KeyPairId: row.id, KeyName: row.name, KeyFingerprint: row.fingerprint, Tags: toTagViews(tags) };
  },
});
