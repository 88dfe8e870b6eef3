/**
 * Reads a policy: from JSON text to checked statements. What is wrong is refused with MalformedPolicyDocument, in IAM's words where these are known, and
 * with the place in the document. Nothing is passed over: an element that is not understood could have been a condition.
 */
import type { Choice, PolicyDocument, PolicyKind, Statement } from "./document.ts";
import { asList, malformed, requireMembers, requireTexts, syntaxError, type Members } from "./elements.ts";
import { parseConditions } from "./parse-conditions.ts";
import { parsePrincipals } from "./parse-principals.ts";
import { parsePolicyJson } from "./policy-json.ts";

export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const document = requireMembers(parsePolicyJson(text), "the document", ["Version", "Id", "Statement"]);
  const { Version: version = "2008-10-17", Id: id, Statement: given } = document;
  if (version !== "2008-10-17" && version !== "2012-10-17") throw malformed("The policy must contain a valid version string", "Version");
  if (id !== undefined && typeof id !== "string") throw syntaxError("Id");
  const list = asList(given);
  if (given === undefined || list.length === 0) throw malformed("Syntax errors in policy: there is no statement", "Statement");
  const statements = list.map((statement, index) => parseStatement(statement, kind, Array.isArray(given) ? `Statement[${index}]` : "Statement"));
  refuseSameSids(statements);
  return { version, statements };
}

const statementMembers = ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

function parseStatement(value: unknown, kind: PolicyKind, where: string): Statement {
  const statement = requireMembers(value, where, statementMembers);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && (typeof sid !== "string" || !(kind === "identity" ? /^[0-9A-Za-z]*$/ : /^[^\0]*$/).test(sid))) {
    throw malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", `${where}.Sid`);
  }
  if (effect !== "Allow" && effect !== "Deny") throw malformed("Syntax errors in policy: the effect must be Allow or Deny", `${where}.Effect`);
  return {
    sid: sid === "" ? undefined : sid,
    effect,
    principals: parsePrincipalElement(statement, kind, effect, where),
    actions: parseActions(statement, kind, where),
    resources: parseResources(statement, kind, where),
    conditions: statement["Condition"] === undefined ? [] : parseConditions(statement["Condition"], `${where}.Condition`),
  };
}

function parsePrincipalElement(statement: Members, kind: PolicyKind, effect: string, where: string): Statement["principals"] {
  const name = onlyOne(statement, "Principal", "NotPrincipal", where);
  if (kind === "identity") {
    if (name !== undefined) throw malformed("Policy document should not specify a principal.", `${where}.${name}`);
    return undefined;
  }
  if (name === undefined) throw malformed("Missing required field Principal", where);
  if (name === "NotPrincipal" && (kind === "trust" || effect === "Allow")) throw malformed("Allow with NotPrincipal is not allowed.", `${where}.NotPrincipal`);
  return parsePrincipals(statement[name], name === "NotPrincipal", `${where}.${name}`);
}

function parseActions(statement: Members, kind: PolicyKind, where: string): Choice {
  const name = onlyOne(statement, "Action", "NotAction", where);
  if (name === undefined) throw malformed("Policy statement must contain actions.", where);
  const values = requireTexts(statement[name], `${where}.${name}`);
  for (const [index, action] of values.entries()) {
    const at = `${where}.${name}[${index}]`;
    if (action !== "*" && !action.includes(":")) throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", at);
    const [vendor = "", ...rest] = action.split(":");
    if (action !== "*" && !/^(?:\*|[\w-]+)$/.test(vendor)) throw malformed(`Vendor ${vendor} is not valid`, at);
    if (action !== "*" && (rest.length !== 1 || !/^[\w*?-]+$/.test(rest[0] ?? ""))) throw malformed(`The action ${action} is not valid`, at);
    if (kind === "trust" && !/^sts:/i.test(action)) throw malformed("AssumeRole policy may only specify STS AssumeRole actions.", at);
  }
  return { not: name === "NotAction", values };
}

function parseResources(statement: Members, kind: PolicyKind, where: string): Choice | undefined {
  const name = onlyOne(statement, "Resource", "NotResource", where);
  if (kind === "trust") {
    if (name !== undefined) throw malformed(`Has prohibited field ${name}`, where);
    return undefined;
  }
  if (name === undefined) throw malformed("Policy statement must contain resources.", where);
  const values = requireTexts(statement[name], `${where}.${name}`);
  for (const [index, resource] of values.entries()) {
    const isArn = /^arn:[\w*?-]+:[\w-]+:(?:[^:]|\$\{[^}]*\})*:(?:[^:]|\$\{[^}]*\})*:./.test(resource);
    if (resource !== "*" && !isArn) throw malformed(`Resource ${resource} must be in ARN format or "*".`, `${where}.${name}[${index}]`);
  }
  return { not: name === "NotResource", values };
}

function refuseSameSids(statements: readonly Statement[]): void {
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  const twice = sids.find((sid, index) => sids.indexOf(sid) !== index);
  if (twice !== undefined) throw malformed("Statement IDs (SID) in a single policy must be unique.", `Sid ${twice}`);
}

function onlyOne(statement: Members, positive: string, negative: string, where: string): string | undefined {
  const [has, hasNot] = [statement[positive] !== undefined, statement[negative] !== undefined];
  if (has && hasNot) throw malformed(`Syntax errors in policy: ${positive} and ${negative} cannot both be there`, where);
  return has ? positive : hasNot ? negative : undefined;
}
