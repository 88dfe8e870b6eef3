import { invalidValueOf, unsupportedRequest } from "../../base/api-error.ts";
import { requireOwnImage } from "../../compute/image.ts";
import { changeLaunchPermissions, requireMetadataTokens, requireOne, requireShareable, setDescription, type LaunchPermissionChange } from "../../compute/image-attribute.ts";
import { parseImdsSupport } from "../../compute/image-options.ts";
import { requireImageDescription } from "../../compute/image-row.ts";
import type { ActionInput } from "../../wire/action-types.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { parsePermissionRequest } from "./permission-request.ts";

type Input = ActionInput<"ec2", "ModifyImageAttribute">;

type Change =
  | { readonly kind: "description"; readonly description: string }
  | { readonly kind: "imdsSupport" }
  | ({ readonly kind: "launchPermission" } & LaunchPermissionChange);

/** Changes one attribute of an image: its description, who may launch it, or that its machines take metadata with tokens only. */
export const ModifyImageAttribute = defineAction({
  name: "ModifyImageAttribute",
  supported: "whole; no product codes or organizations",
  load: async ({ input, caller, tx }) => {
    const change = parseChange(input);
    const image = await requireOwnImage(tx, caller, input.ImageId);
    if (change.kind === "launchPermission") requireShareable(image, change);
    return { image, change };
  },
  authorize: ({ image }, { caller }) => [{ action: "ec2:ModifyImageAttribute", resource: ec2Arn(caller, "image", image.id) }],
  apply: async ({ image, change }, { tx }) => {
    if (change.kind === "description") await setDescription(tx, image, change.description);
    else if (change.kind === "imdsSupport") await requireMetadataTokens(tx, image);
    else await changeLaunchPermissions(tx, image, change);
    return {};
  },
});

/** The request names exactly one attribute, in a structure of its own or by name. */
function parseChange(input: Input): Change {
  if ((input.ProductCodes ?? []).length > 0) throw unsupportedRequest("There are no product codes in this installation.");
  if ((input.OrganizationArns ?? input.OrganizationalUnitArns ?? []).length > 0) throw unsupportedRequest("There are no organizations in this installation.");
  const named = (name: string): string | undefined => (input.Attribute === name ? (input.Value ?? "") : undefined);
  if (input.Attribute !== undefined && !["description", "imdsSupport", "launchPermission"].includes(input.Attribute)) {
    throw invalidValueOf("attribute", input.Attribute, "Valid values are description, imdsSupport, launchPermission.");
  }
  const sharing = input.LaunchPermission !== undefined || input.OperationType !== undefined || input.Attribute === "launchPermission";
  return requireOne<Change>([
    toDescription(input.Description?.Value ?? named("description")),
    toImdsSupport(input.ImdsSupport?.Value ?? named("imdsSupport")),
    sharing ? toSharing(input) : undefined,
  ]);
}

function toDescription(text: string | undefined): Change | undefined {
  return text === undefined ? undefined : { kind: "description", description: requireImageDescription(text) };
}

function toImdsSupport(text: string | undefined): Change | undefined {
  return parseImdsSupport(text) === null ? undefined : { kind: "imdsSupport" };
}

function toSharing(input: Input): Change {
  return {
    kind: "launchPermission",
    ...parsePermissionRequest({ structure: input.LaunchPermission, operation: input.OperationType, users: input.UserIds, groups: input.UserGroups }),
  };
}
