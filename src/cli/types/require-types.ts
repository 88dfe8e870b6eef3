/** The catalogue's types that a command line names. */
import { findInstanceType, listInstanceTypeNames } from "../../compute/instance-types/catalogue.ts";
import type { InstanceType } from "../../compute/instance-types/instance-type.ts";
import { decodeName } from "../../compute/instance-types/type-name.ts";
import { CommandError, exitCodes } from "../command-error.ts";

export function requireTypes(names: readonly string[]): readonly InstanceType[] {
  return names.map((name) => {
    const type = findInstanceType(name);
    if (type === undefined) throw unknownType(name);
    return type;
  });
}

function unknownType(name: string): CommandError {
  const decoded = decodeName(name);
  if ("malformed" in decoded) return new CommandError(`'${name}' is no name of an instance type: ${decoded.malformed}.`, { remedy: "A name is a family, a dot and a size: c7gn.4xlarge.", exitCode: exitCodes.usage });
  const sizes = listInstanceTypeNames().flatMap((each) => (each.startsWith(`${decoded.family}.`) ? [each.slice(decoded.family.length + 1)] : []));
  const remedy = sizes.length === 0 ? "See: ./hostelry types list" : `${decoded.family} has the sizes ${sizes.join(", ")}.`;
  return new CommandError(`There is no instance type ${name} in the catalogue.`, { remedy, exitCode: exitCodes.usage });
}
