/** Actions of the EBS direct API. Their rows are checked and written in the pipeline's transaction; data moves after it (`move`). */
import { blockSize } from "../../block-store/block-store.ts";
import { directValidation } from "../../base/api-error.ts";
import type { Grant } from "../../iam/authorize.ts";
import type { ActionInput, ActionName, ActionOutput } from "../../wire/action-types.ts";
import { ec2Arn, eraseTypes, type Action, type ActionDefinition, type Caller, type Moving } from "../action.ts";

/** `apply` writes rows, and says what is to be moved. */
type DataActionDefinition<Input, Output, Loaded, Planned> = ActionDefinition<Input, Output, Loaded, unknown, Planned> & {
  readonly move: (planned: Planned, moving: Moving) => Promise<Output>;
};

export function defineDataAction<const Name extends ActionName<"ebs">, Loaded, Planned>(
  action: { readonly name: Name } & DataActionDefinition<ActionInput<"ebs", Name>, ActionOutput<"ebs", Name>, Loaded, Planned>,
): Action {
  return eraseTypes("ebs", action);
}

/** The direct API's actions on snapshots have a prefix of their own (facts §4.8). */
export function ebsGrants(caller: Caller, action: ActionName<"ebs">, ...ids: readonly string[]): Grant[] {
  return ids.map((id) => ({ action: `ebs:${action}`, resource: ec2Arn(caller, "snapshot", id) }));
}

const checksumAlgorithm = "SHA256";

export function requireSha256(algorithm: string | undefined): void {
  if (algorithm !== checksumAlgorithm) throw directValidation("INVALID_PARAMETER_VALUE", `The checksum algorithm must be ${checksumAlgorithm}.`);
}

/** The members of an answer that has a block's checksum. */
export function checksumOf(digest: string): { readonly Checksum: string; readonly ChecksumAlgorithm: typeof checksumAlgorithm } {
  return { Checksum: Buffer.from(digest, "hex").toString("base64"), ChecksumAlgorithm: checksumAlgorithm };
}

export function requireBlockIndex(index: number, volumeSizeGib: number): number {
  const blocks = (volumeSizeGib * 2 ** 30) / blockSize;
  if (index >= 0 && index < blocks) return index;
  throw directValidation("INVALID_PARAMETER_VALUE", `The block index ${index} is out of range: the snapshot has ${blocks} blocks.`);
}
