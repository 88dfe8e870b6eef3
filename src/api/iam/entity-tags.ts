/** Tags of users, roles, instance profiles and policies. */
import { listEntityTags, parseEntityTags, putEntityTags, untagEntity } from "../../iam/entity-tags.ts";
import type { ActionName } from "../../wire/action-types.ts";
import type { Action } from "../action.ts";
import { entityAction, entityList } from "./iam-action.ts";
import { nouns } from "./iam-views.ts";

type Tagged = "user" | "role" | "instance-profile" | "policy";

function tagging(kind: Tagged): readonly Action[] {
  const noun = nouns[kind];
  const tag = entityAction({
    name: `Tag${noun}` as ActionName<"iam">, // there is one for each of them
    kind,
    apply: async (entity, { input, tx }) => {
      await putEntityTags(tx, entity, parseEntityTags(input.Tags));
      return {};
    },
  });
  const untag = entityAction({
    name: `Untag${noun}` as ActionName<"iam">, // as above
    kind,
    apply: async (entity, { input, tx }) => {
      await untagEntity(tx, entity.id, input.TagKeys ?? []);
      return {};
    },
  });
  const list = `List${noun}Tags` as ActionName<"iam">; // as above
  return [tag, untag, entityList(kind, list, "Tags", (entity, { tx }) => listEntityTags(tx, entity.id), ({ key }) => key, ({ key, value }) => ({ Key: key, Value: value }))];
}

const kinds: readonly Tagged[] = ["user", "role", "instance-profile", "policy"];

export const entityTagActions: readonly Action[] = kinds.flatMap(tagging);
