import { invalidParameterValue } from "../../base/api-error.ts";
import type { Call } from "../action.ts";
import { defineDescribe } from "../describe/define-describe.ts";

/** What an account may have, as EC2 has said it since its beginnings. */
export const DescribeAccountAttributes = defineDescribe({
  name: "DescribeAccountAttributes",
  supported: "whole",
  list: async (call) => {
    const attributes = await attributesOf(call);
    const asked: readonly string[] = call.input.AttributeNames ?? [];
    const unknown = asked.find((name) => !attributes.has(name));
    if (unknown !== undefined) throw invalidParameterValue(`Value (${unknown}) for parameter attributeName is invalid. Unknown account attribute.`);
    return Array.from(attributes, ([name, value]) => ({ name, value })).filter(({ name }) => asked.length === 0 || asked.includes(name));
  },
  key: ({ name }) => name,
  output: (rows) => ({
    AccountAttributes: rows.map(({ name, value }) => ({ AttributeName: name, AttributeValues: [{ AttributeValue: value }] })),
  }),
});

async function attributesOf({ caller, tx }: Pick<Call<unknown>, "caller" | "tx">): Promise<Map<string, string>> {
  const mine = tx.db.selectFrom("vpcs").select("id").where("account", "=", caller.account).where("region", "=", caller.region);
  const vpc = await mine.where("is_default", "=", 1).executeTakeFirst();
  return new Map([
    ["supported-platforms", "VPC"],
    ["default-vpc", vpc?.id ?? "none"],
    ["max-instances", "20"],
    ["max-elastic-ips", "5"],
    ["vpc-max-elastic-ips", "5"],
    ["vpc-max-security-groups-per-interface", "5"],
  ]);
}
