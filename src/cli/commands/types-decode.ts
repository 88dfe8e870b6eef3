/** `types decode`: what every letter and number of an instance type's name means. Needs no installation. */
import { findInstanceType } from "../../compute/instance-types/catalogue.ts";
import { decodeName, type DecodedName } from "../../compute/instance-types/type-name.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { renderTable } from "../terminal.ts";
import { factsOf } from "../types/type-facts.ts";

export function typesDecode(names: readonly string[], options: { readonly json?: boolean }): void {
  const decoded = names.map(requireName);
  const text = options.json === true ? JSON.stringify(decoded.map(toJson), undefined, 2) : decoded.map(renderName).join("\n\n");
  process.stdout.write(`${text}\n`);
}

function requireName(name: string): DecodedName {
  const decoded = decodeName(name);
  if (!("malformed" in decoded)) return decoded;
  throw new CommandError(`'${name}' is no name of an instance type: ${decoded.malformed}.`, { remedy: "A name is a family, a dot and a size: c7gn.4xlarge.", exitCode: exitCodes.usage });
}

function toJson(decoded: DecodedName): object {
  return { ...decoded, catalogue: findInstanceType(decoded.name) ?? null };
}

export function renderName(decoded: DecodedName): string {
  const type = findInstanceType(decoded.name);
  const parts = decoded.parts.map(({ kind, text, meaning }) => [`  ${text}`, kind, meaning]);
  const head = `${decoded.name}: ${decoded.category ?? "of no category that is known here"}${decoded.uses === undefined ? "" : `, for ${decoded.uses}`}`;
  const processor = `Processor by the name: ${decoded.processor}.`;
  if (type === undefined) return [head, "", renderTable(parts), "", processor, "It is not in the catalogue: the name is well-formed, but no such type is known here."].join("\n");
  return [head, "", renderTable(parts), "", renderTable(factsOf(type).map(({ subject, text }) => [`  ${subject}`, text]))].join("\n");
}
