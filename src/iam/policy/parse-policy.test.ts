import { expect, test } from "vitest";
import { isApiError } from "../../base/api-error.ts";
import type { PolicyKind } from "./document.ts";
import { parsePolicy } from "./parse-policy.ts";

const allow = { Effect: "Allow", Action: "ec2:*", Resource: "*" };
const trust = { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } };

/** What is wrong with the document; undefined when nothing is. */
function complaint(document: unknown, kind: PolicyKind = "identity"): string | undefined {
  try {
    parsePolicy(typeof document === "string" ? document : JSON.stringify(document), kind);
    return undefined;
  } catch (thrown) {
    if (!isApiError(thrown) || thrown.code !== "MalformedPolicyDocument") throw thrown;
    return thrown.message;
  }
}

const of = (...statements: object[]) => ({ Version: "2012-10-17", Statement: statements });

test("A policy is read with all its elements", () => {
  const statement = { Sid: "One", Effect: "Deny", NotAction: ["iam:*", "sts:Get?*"], NotResource: "arn:aws:ec2:*:*:instance/*", Condition: { "ForAnyValue:StringLikeIfExists": { "aws:TagKeys": ["a", "b"] }, Bool: { "aws:SecureTransport": false } } };
  expect(parsePolicy(JSON.stringify({ Version: "2012-10-17", Id: "i", Statement: statement }), "identity")).toEqual({
    version: "2012-10-17",
    statements: [
      {
        sid: "One",
        effect: "Deny",
        principals: undefined,
        actions: { not: true, values: ["iam:*", "sts:Get?*"] },
        resources: { not: true, values: ["arn:aws:ec2:*:*:instance/*"] },
        conditions: [
          { operator: { name: "StringLike", set: "ForAnyValue", ifExists: true }, key: "aws:TagKeys", values: ["a", "b"] },
          { operator: { name: "Bool", set: undefined, ifExists: false }, key: "aws:SecureTransport", values: ["false"] },
        ],
      },
    ],
  });
});

test("A trust policy names principals, an account by its id too", () => {
  const principal = { AWS: ["111111111111", "arn:aws:iam::111111111111:user/a/b"], Service: "ec2.amazonaws.com" };
  expect(parsePolicy(JSON.stringify(of({ ...trust, Principal: principal })), "trust").statements[0]?.principals).toEqual({
    not: false,
    anyone: false,
    aws: ["arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:user/a/b"],
    services: ["ec2.amazonaws.com"],
    federated: [],
  });
});

test.each<[string, unknown, PolicyKind?]>([
  ["This policy contains invalid Json: line 2, column 4", '{"Version": "2012-10-17",\n   }'],
  ["Syntax errors in policy: Action is there twice: line 1, column 56", '{"Statement":{"Effect":"Allow","Action":"ec2:*"       ,"Action":"*","Resource":"*"}}'],
  ["Syntax errors in policy (the document).", "[]"],
  ["Syntax errors in policy: there is no element Statements (the document).", { Version: "2012-10-17", Statements: [] }],
  ["The policy must contain a valid version string (Version).", { Version: "2012-10-18", Statement: allow }],
  ["Syntax errors in policy: there is no statement (Statement).", { Version: "2012-10-17", Statement: [] }],
  ["Syntax errors in policy: the effect must be Allow or Deny (Statement[1].Effect).", of(allow, { ...allow, Effect: "allow" })],
  ["Policy statement must contain actions (Statement[0]).", of({ ...allow, Action: undefined })],
  ["Syntax errors in policy: Action and NotAction cannot both be there (Statement[0]).", of({ ...allow, NotAction: "iam:*" })],
  ["Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc (Statement[0].Action[1]).", of({ ...allow, Action: ["ec2:*", "run"] })],
  ["Policy statement must contain resources (Statement[0]).", of({ ...allow, Resource: undefined })],
  ['Resource i-1 must be in ARN format or "*" (Statement[0].Resource[0]).', of({ ...allow, Resource: "i-1" })],
  ["Policy document should not specify a principal (Statement[0].Principal).", of({ ...allow, Principal: "*" })],
  ["Invalid Condition type : StringIs (Statement[0].Condition).", of({ ...allow, Condition: { StringIs: { "aws:username": "a" } } })],
  ["Invalid Condition type : NullIfExists (Statement[0].Condition).", of({ ...allow, Condition: { NullIfExists: { "aws:username": "true" } } })],
  ["Invalid value for the condition type NumericLessThan (Statement[0].Condition.NumericLessThan.ec2:VolumeSize[1]).", of({ ...allow, Condition: { NumericLessThan: { "ec2:VolumeSize": [1, "big"] } } })],
  ["Invalid value for the condition type IpAddress (Statement[0].Condition.IpAddress.aws:SourceIp).", of({ ...allow, Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/33" } } })],
  ["Statement IDs (SID) in a single policy must be unique (Sid a).", of({ ...allow, Sid: "a" }, { ...allow, Sid: "a" })],
  ["Has prohibited field Resource (Statement[0]).", of({ ...trust, Resource: "*" }), "trust"],
  ["Missing required field Principal (Statement[0]).", of({ ...trust, Principal: undefined }), "trust"],
  ["AssumeRole policy may only specify STS AssumeRole actions (Statement[0].Action[0]).", of({ ...trust, Action: "ec2:*" }), "trust"],
  ['Invalid principal in policy: "AWS":"ann" (Statement[0].Principal.AWS).', of({ ...trust, Principal: { AWS: "ann" } }), "trust"],
])("%s", (message, document, kind) => {
  expect(complaint(document, kind)).toContain(message);
});

test("Whatever is done to the text of a policy, it is read or refused as malformed", () => {
  const text = JSON.stringify(of({ ...allow, Sid: "a", Condition: { "ForAllValues:StringLike": { "aws:TagKeys": ["x"] } } }));
  for (let at = 0; at < text.length; at++) {
    for (const other of ["", "{", "}", '"', "[", ":", ",", "null", "\\", "\u0000"]) complaint(text.slice(0, at) + other + text.slice(at + 1));
  }
});
