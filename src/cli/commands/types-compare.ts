/** `types compare`: instance types side by side. Needs no installation. */
import type { InstanceType } from "../../compute/instance-types/instance-type.ts";
import { renderTable } from "../terminal.ts";
import { requireTypes } from "../types/require-types.ts";
import { factsOf, type Fact } from "../types/type-facts.ts";

export function typesCompare(names: readonly string[], options: { readonly json?: boolean }): void {
  const types = requireTypes(names);
  process.stdout.write(`${options.json === true ? JSON.stringify({ types, differences: differencesOf(types) }, undefined, 2) : renderComparison(types)}\n`);
}

export function renderComparison(types: readonly InstanceType[]): string {
  const subjects = [...new Set(types.flatMap((type) => factsOf(type).map(({ subject }) => subject)))];
  const rows = subjects.map((subject) => {
    const cells = types.map((type) => findFact(type, subject)?.text ?? "none");
    return [new Set(cells).size > 1 ? "≠" : "", subject, ...cells];
  });
  const differences = differencesOf(types);
  return [renderTable([["", "", ...types.map(({ name }) => name)], ...rows]), ...(differences.length === 0 ? [] : ["", ...differences])].join("\n");
}

/** Sentences about the first type against each of the others, where a number differs. */
function differencesOf([first, ...others]: readonly InstanceType[]): readonly string[] {
  if (first === undefined) return [];
  return others.flatMap((other) => {
    const texts = factsOf(first).flatMap((fact) => difference(fact, findFact(other, fact.subject)));
    return texts.length === 0 ? [] : [`Against ${other.name}, ${first.name} has ${texts.join(", ")}.`];
  });
}

function difference({ subject, value }: Fact, other: Fact | undefined): string[] {
  const against = other?.value ?? 0;
  if (value === undefined || value === against) return [];
  if (against === 0) return [`${subject} at all`];
  return value === 0 ? [`no ${subject}`] : [`${Math.round((value / against) * 100) / 100} times the ${subject}`];
}

function findFact(type: InstanceType, subject: string): Fact | undefined {
  return factsOf(type).find((fact) => fact.subject === subject);
}
