import type { KeyPairInfo } from "@aws-sdk/client-ec2";
import { requireKeyPairs } from "../../compute/key-pair.ts";
import { listTagsOfType, type Tag } from "../../compute/tags.ts";
import type { KeyPairRow } from "../../store/compute-tables.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { tagsOfView, toTagViews } from "./views/tag-view.ts";

/** The account's key pairs; the public keys only when asked for. */
export const DescribeKeyPairs = defineDescribe({
  name: "DescribeKeyPairs",
  supported: "whole",
  list: async ({ input, caller, tx }) => {
    const rows = await requireKeyPairs(tx, caller, input.KeyNames ?? [], input.KeyPairIds ?? []);
    const tags = await listTagsOfType(tx, caller, "key-pair");
    return rows.map((row) => toKeyPairView(row, tags.get(row.id), input.IncludePublicKey === true));
  },
  key: (pair) => pair.KeyName ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      fingerprint: (pair) => pair.KeyFingerprint,
      "key-name": (pair) => pair.KeyName,
      "key-pair-id": (pair) => pair.KeyPairId,
    },
  },
  output: (rows) => ({ KeyPairs: [...rows] }),
});

function toKeyPairView(row: KeyPairRow, tags: readonly Tag[] | undefined, includePublicKey: boolean): KeyPairInfo {
  return {
    KeyPairId: row.id,
    KeyFingerprint: row.fingerprint,
    KeyName: row.name,
    KeyType: row.type,
    Tags: toTagViews(tags),
    ...(includePublicKey ? { PublicKey: `${row.public_key} ${row.name}` } : {}),
    CreateTime: new Date(row.created_at),
  };
}
