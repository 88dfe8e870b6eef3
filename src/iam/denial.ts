/** What a refused caller is given to find out why: sealed, so that only those who may decode it learn what the policies say. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Random } from "../base/random.ts";
import type { Decision, Request } from "./policy/evaluate.ts";
import { seal, unseal, type SecretKey } from "./secret.ts";

export function encodeDenial(secretKey: SecretKey, userId: string, { principal, action, resource, context }: Request, decision: Decision, random: Random): string {
  const statements = decision.by.map(({ policy, type, sid, index }) => ({ policy, policyType: type, statementId: sid ?? "", statementIndex: index, effect: decision.outcome === "explicitDeny" ? "DENY" : "ALLOW" }));
  const conditions = Array.from(context, ([key, values]) => ({ key, values: { items: values.map((value) => ({ value })) } }));
  const message = {
    allowed: false,
    explicitDeny: decision.outcome === "explicitDeny",
    matchedStatements: { items: statements },
    failures: { items: decision.outcome === "allowed" ? [] : [{ layer: decision.layer }] },
    context: { principal: { id: userId, arn: principal.arn }, action, resource, conditions: { items: conditions } },
  };
  return seal(secretKey, purposeOf(principal.account), deflateRawSync(JSON.stringify(message)).toString("base64"), random);
}

/** JSON; undefined for what was not encoded here. */
export function decodeDenial(secretKey: SecretKey, account: string, encoded: string): string | undefined {
  const packed = unseal(secretKey, purposeOf(account), encoded);
  return packed === undefined ? undefined : inflateRawSync(Buffer.from(packed, "base64")).toString();
}

/** Only the account whose call it was may open it. */
function purposeOf(account: string): string {
  return `authorization message of ${account}`;
}
