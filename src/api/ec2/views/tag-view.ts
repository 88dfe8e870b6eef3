/** Tags as EC2 shows them, and back again for filters. */
import type { Tag as TagView } from "@aws-sdk/client-ec2";
import type { Tag } from "../../../compute/tags.ts";

export function toTagViews(tags: readonly Tag[] | undefined): TagView[] {
  return (tags ?? []).map(({ key, value }) => ({ Key: key, Value: value }));
}

export function tagsOfView({ Tags: tags }: { readonly Tags?: readonly TagView[] | undefined }): Tag[] {
  return (tags ?? []).map(({ Key: key, Value: value }) => ({ key: key ?? "", value: value ?? "" }));
}
