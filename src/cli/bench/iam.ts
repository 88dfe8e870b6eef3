/** `bench iam`: decisions per second about one principal's policies of 100 statements, in this process alone. */
import { compilePolicy } from "../../iam/policy/compile-policy.ts";
import { decide, type Policies, type Request } from "../../iam/policy/evaluate.ts";
import { parsePolicy } from "../../iam/policy/parse-policy.ts";
import { describeMachine, table } from "./report.ts";

const account = "111111111111";
const statementCount = 100;
const warmUpMs = 500;

export function benchIam(options: { readonly seconds: number }): void {
  const rows = Object.entries(cases()).map(([name, [policies, request]]) => [name, measure(policies, request, options.seconds * 1000)]);
  process.stdout.write(`${describeMachine()}\n\n${table([`decision, ${statementCount} statements`, "per second"], rows)}\n`);
}

function cases(): Readonly<Record<string, readonly [Policies, Request]>> {
  const others = Array.from({ length: statementCount - 1 }, (_none, index) => otherStatement(index));
  const own = statement("ec2:StopInstances", `arn:aws:ec2:*:${account}:instance/*`, { StringEquals: { "ec2:ResourceTag/owner": "${aws:username}" } });
  const policies = { identity: [attach([...others, own])] };
  const limited = { ...policies, boundary: policies.identity, session: policies.identity };
  const denied = { identity: [attach([...others, { ...own, Effect: "Deny" }])] };
  const others100 = { identity: [attach([...others, otherStatement(others.length)])] };
  return {
    "allowed by the last one": [policies, request],
    "the same, under a boundary and a session policy as long": [limited, request],
    "denied by the last one": [denied, request],
    "allowed by none": [others100, request],
  };
}

/** Many are about the same action, and only the resource or the condition tells that they do not count. */
function otherStatement(index: number): object {
  if (index % 3 === 0) return statement("ec2:Stop*", `arn:aws:ec2:eu-*:${account}:instance/i-${index}*`, {});
  if (index % 3 === 1) return statement(["ec2:Describe*", "ec2:StopInstances"], "*", { StringLike: { "ec2:ResourceTag/team": `team-${index}-*` } });
  return statement(["iam:Get*", "s3:PutObject"], "*", {});
}

function statement(action: string | readonly string[], resource: string, condition: object): object {
  return { Effect: "Allow", Action: action, Resource: resource, Condition: condition };
}

function attach(statements: readonly object[]): Policies["identity"][number] {
  const policy = compilePolicy(parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "identity"));
  return { name: "bench", type: "user", policy };
}

const request: Request = {
  principal: { account, arn: `arn:aws:iam::${account}:user/ann` },
  action: "ec2:StopInstances",
  resource: `arn:aws:ec2:us-east-1:${account}:instance/i-0123456789abcdef0`,
  context: new Map([["aws:username", ["ann"]], ["ec2:resourcetag/owner", ["ann"]], ["ec2:resourcetag/team", ["sea"]]]),
};

function measure(policies: Policies, asked: Request, forMs: number): string {
  repeat(policies, asked, warmUpMs);
  const begin = performance.now();
  const count = repeat(policies, asked, forMs);
  return ((count / (performance.now() - begin)) * 1000).toFixed(0);
}

/** Returns how many decisions were made. */
function repeat(policies: Policies, asked: Request, forMs: number): number {
  const end = performance.now() + forMs;
  let count = 0;
  for (; performance.now() < end; count++) decide(policies, asked);
  return count;
}
