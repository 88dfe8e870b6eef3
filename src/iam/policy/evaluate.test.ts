import { describe, expect, test } from "vitest";
import { compilePolicy } from "./compile-policy.ts";
import { decide, type AttachedPolicy, type Policies, type PolicyType, type Request } from "./evaluate.ts";
import { parsePolicy } from "./parse-policy.ts";
import { seededChoices, type SeededChoices } from "./testing/seeded.ts";

const account = "111111111111";
const user = `arn:aws:iam::${account}:user/ann`;
const instance = `arn:aws:ec2:us-east-1:${account}:instance/i-1`;

function policy(statements: object[], type: PolicyType = "user", name: string = type): AttachedPolicy {
  const parsed = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), type === "resource" ? "resource" : "identity");
  return { name, type, policy: compilePolicy(parsed) };
}

const allow = (action: string | string[] = "*", more: object = {}) => ({ Effect: "Allow", Action: action, Resource: "*", ...more });
const deny = (action: string | string[] = "*", more: object = {}) => ({ Effect: "Deny", Action: action, Resource: "*", ...more });
const request = (more: Partial<Request> = {}): Request => ({ principal: { account, arn: user }, action: "ec2:StopInstances", resource: instance, context: new Map(), ...more });
const outcome = (policies: Policies, asked: Request = request()) => decide(policies, asked).outcome;

describe("a decision", () => {
  test("is an implicit deny when nothing allows", () => {
    expect(decide({ identity: [policy([allow("ec2:StartInstances")])] }, request())).toEqual({ outcome: "implicitDeny", by: [], layer: "identity-based policy" });
  });

  test("names the statement that allows", () => {
    const mine = [policy([allow("iam:*"), allow("EC2:stop*", { Sid: "Stop" })], "user-managed", "arn:aws:iam::1:policy/p")];
    expect(decide({ identity: mine }, request())).toEqual({ outcome: "allowed", by: [{ policy: "arn:aws:iam::1:policy/p", type: "user-managed", sid: "Stop", index: 1 }] });
  });

  test.each(["identity", "boundary", "session", "resource"] as const)("is an explicit deny when the %s policy denies, whatever allows", (layer) => {
    const everything = { identity: [policy([allow()])], boundary: [policy([allow()], "boundary")], session: [policy([allow()], "session")], resource: [policy([{ ...allow(), Principal: "*" }], "resource")] };
    expect(outcome(everything)).toBe("allowed");
    const denying = layer === "resource" ? policy([{ ...deny("ec2:Stop*"), Principal: "*" }], "resource") : policy([deny("ec2:Stop*", { Sid: "No" })]);
    const decided = decide({ ...everything, [layer]: [...everything[layer], denying] }, request());
    expect([decided.outcome, decided.by.length]).toEqual(["explicitDeny", 1]);
  });

  test("needs the boundary and the session policy too, and names which of them is wanting", () => {
    const identity = [policy([allow()])];
    expect(decide({ identity, boundary: [policy([allow("s3:*")], "boundary")] }, request())).toMatchObject({ outcome: "implicitDeny", layer: "permissions boundary" });
    expect(decide({ identity, boundary: [policy([allow("ec2:*")], "boundary")], session: [] }, request())).toMatchObject({ outcome: "implicitDeny", layer: "session policy" });
    expect(outcome({ identity: [], boundary: [policy([allow()], "boundary")], session: [policy([allow()], "session")] })).toBe("implicitDeny");
  });

  test("leaves out what NotAction and NotResource name", () => {
    const identity = [policy([{ Effect: "Allow", NotAction: ["iam:*", "ec2:Terminate*"], NotResource: `${instance}0` }])];
    expect([outcome({ identity }), outcome({ identity }, request({ action: "ec2:TerminateInstances" })), outcome({ identity }, request({ resource: `${instance}0` }))]).toEqual(["allowed", "implicitDeny", "implicitDeny"]);
  });
});

describe("a resource policy", () => {
  const role = `arn:aws:iam::${account}:role/r`;
  const session = { account, arn: `arn:aws:sts::${account}:assumed-role/r/s`, roleArn: role };
  const named = (principal: unknown) => [policy([{ ...allow(), Principal: principal }], "resource")];

  test("that names the user or the session allows by itself, limits notwithstanding", () => {
    expect(outcome({ identity: [], boundary: [], resource: named({ AWS: user }) })).toBe("allowed");
    expect(outcome({ identity: [], session: [], resource: named({ AWS: session.arn }) }, request({ principal: session }))).toBe("allowed");
  });

  test("that names the role is limited by boundary and session policy", () => {
    const resource = named({ AWS: role });
    expect(outcome({ identity: [], resource }, request({ principal: session }))).toBe("allowed");
    expect(outcome({ identity: [], session: [], resource }, request({ principal: session }))).toBe("implicitDeny");
  });

  test("that names the account leaves it to the account's own policies", () => {
    const resource = named({ AWS: account });
    expect([outcome({ identity: [], resource }), outcome({ identity: [policy([allow()])], resource })]).toEqual(["implicitDeny", "allowed"]);
  });

  test("of another account must allow, and so must one's own policies", () => {
    const foreign = request({ resourceAccount: "222222222222" });
    const identity = [policy([allow()])];
    expect([outcome({ identity }, foreign), outcome({ identity: [], resource: named({ AWS: user }) }, foreign), outcome({ identity, resource: named({ AWS: user }) }, foreign)]).toEqual([
      "implicitDeny",
      "implicitDeny",
      "allowed",
    ]);
  });

  test("of a role must allow, and is enough where it names the user", () => {
    const asked = request({ trusted: true });
    const identity = [policy([allow()])];
    expect([outcome({ identity }, asked), outcome({ identity: [], resource: named({ AWS: user }) }, asked), outcome({ identity, resource: named({ AWS: account }) }, asked), outcome({ identity: [], resource: named({ AWS: account }) }, asked)]).toEqual([
      "implicitDeny",
      "allowed",
      "allowed",
      "implicitDeny",
    ]);
  });

  test("that denies all but one denies the others", () => {
    const resource = [policy([{ ...deny(), NotPrincipal: { AWS: user } }], "resource")];
    const identity = [policy([allow()])];
    expect([outcome({ identity, resource }), outcome({ identity, resource }, request({ principal: { account, arn: `${user}2` } }))]).toEqual(["allowed", "explicitDeny"]);
  });
});

/** Statements about few enough things that they often meet. */
function someStatement({ pick, count }: SeededChoices): object {
  const actions = Array.from({ length: 1 + count(2) }, () => pick(["*", "ec2:*", "ec2:Stop*", "ec2:StopInstances", "iam:*", "ec2:?topInstances"]));
  const resources = Array.from({ length: 1 + count(1) }, () => pick(["*", instance, "arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:volume/*"]));
  const condition = pick([undefined, undefined, { StringEquals: { "aws:username": "ann" } }, { StringNotEquals: { "aws:username": "ann" } }, { Null: { "aws:username": "true" } }]);
  return { Effect: pick(["Allow", "Allow", "Deny"]), [pick(["Action", "Action", "NotAction"])]: actions, [pick(["Resource", "NotResource"])]: resources, Condition: condition };
}

describe("for random policies", () => {
  const choices = seededChoices(7);
  const cases = Array.from({ length: 2000 }, () => ({
    statements: Array.from({ length: 1 + choices.count(4) }, () => someStatement(choices)),
    asked: request({
      action: choices.pick(["ec2:StopInstances", "iam:CreateUser", "ec2:RunInstances"]),
      resource: choices.pick([instance, `arn:aws:ec2:us-east-1:${account}:volume/vol-1`, "*"]),
      context: choices.pick([new Map(), new Map([["aws:username", ["ann"]]]), new Map([["aws:username", ["bob"]]])]),
    }),
  }));
  const order: Readonly<Record<string, number>> = { explicitDeny: 0, implicitDeny: 1, allowed: 2 };

  test("the order of statements, and how they are spread over policies, decides nothing", () => {
    for (const { statements, asked } of cases) {
      const together = outcome({ identity: [policy(statements)] }, asked);
      expect(outcome({ identity: statements.toReversed().map((statement) => policy([statement])) }, asked)).toBe(together);
    }
  });

  test("one more statement that denies never allows, one more that allows never denies", () => {
    for (const { statements, asked } of cases) {
      const before = outcome({ identity: [policy(statements)] }, asked);
      const extra = someStatement(choices);
      const after = outcome({ identity: [policy([...statements, extra])] }, asked);
      const rank = (one: string) => order[one] ?? -1;
      if (Reflect.get(extra, "Effect") === "Deny") expect(rank(after)).toBeLessThanOrEqual(rank(before));
      else expect(rank(after)).toBeGreaterThanOrEqual(rank(before));
    }
  });

  test("a boundary or a session policy never gives what the identity's policies do not", () => {
    for (const { statements, asked } of cases) {
      const identity = [policy(statements)];
      const limit = [policy([someStatement(choices)], "boundary")];
      for (const limited of [{ identity, boundary: limit }, { identity, session: limit }]) {
        const both = outcome({ identity }, asked) === "allowed" && outcome({ identity: limit }, asked) === "allowed";
        expect(outcome(limited, asked) === "allowed").toBe(both);
      }
    }
  });
});
