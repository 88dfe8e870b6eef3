/** The `Condition` element: operators, keys, values. */
import { operatorNames, type Condition, type Operator, type OperatorName } from "./document.ts";
import { malformed, requireMembers } from "./elements.ts";
import { parsePolicyDate } from "./policy-date.ts";
import { parseBlock } from "./ip-block.ts";

export function parseConditions(value: unknown, where: string): Condition[] {
  return Object.entries(requireMembers(value, where)).flatMap(([operatorText, keys]) => {
    const operator = parseOperator(operatorText, where);
    const at = `${where}.${operatorText}`;
    return Object.entries(requireMembers(keys, at)).map(([key, given]) => {
      if (!/^[\w-]+:.+/.test(key)) throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", `${at}.${key}`);
      return { operator, key, values: parseValues(operator.name, given, `${at}.${key}`) };
    });
  });
}

function parseOperator(text: string, where: string): Operator {
  const [, set, rest = ""] = /^(?:(ForAllValues|ForAnyValue):)?(.*)$/s.exec(text) ?? [];
  const ifExists = rest.endsWith("IfExists");
  const wanted = ifExists ? rest.slice(0, -"IfExists".length) : rest;
  const name = operatorNames.find((each) => each === wanted);
  if (name === undefined || (name === "Null" && (ifExists || set !== undefined))) throw malformed(`Invalid Condition type : ${text}`, where);
  return { name, set: set === "ForAllValues" || set === "ForAnyValue" ? set : undefined, ifExists };
}

/** JSON's numbers and booleans are as good as their texts. */
function parseValues(operator: OperatorName, given: unknown, where: string): string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.map((value, index) => {
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (typeof text !== "string" || !isValueOf(operator, text)) throw malformed(`Invalid value for the condition type ${operator}`, Array.isArray(given) ? `${where}[${index}]` : where);
    return text;
  });
}

function isValueOf(operator: OperatorName, text: string): boolean {
  if (operator.startsWith("Numeric")) return text.trim() !== "" && Number.isFinite(Number(text));
  if (operator.startsWith("Date")) return parsePolicyDate(text) !== undefined;
  if (operator === "Bool" || operator === "Null") return /^(?:true|false)$/i.test(text);
  if (operator === "IpAddress" || operator === "NotIpAddress") return parseBlock(text) !== undefined;
  if (operator.startsWith("Arn")) return text === "*" || text.startsWith("arn:") || text.includes("${");
  return true;
}
