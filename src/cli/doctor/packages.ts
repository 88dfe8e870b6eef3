/** The Debian packages of `tools/debian-packages`. */
import { readFileSync } from "node:fs";
import { type Check, no, tryCommand, unknown, yes } from "./check.ts";

export interface ListedPackage {
  readonly name: string;
  readonly purpose: "up" | "test";
  /** As `uname -m` says it, or `any`. */
  readonly machine: string;
  readonly why: string;
}

const listFile = new URL("../../../tools/debian-packages", import.meta.url);
const architectures: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

export function packageChecks(): readonly Check[] {
  const machine = architectures[process.arch] ?? process.arch;
  const listed = parsePackageList(readFileSync(listFile, "utf8")).filter((one) => one.machine === "any" || one.machine === machine);
  const query = tryCommand("dpkg-query", ["--show", "--showformat=${Package} ${db:Status-Status} ${Version}\n"]);
  if (!query.worked) {
    const names = listed.filter((one) => one.purpose === "up").map((one) => one.name);
    return [unknown("packages", "this system has no dpkg", `Install by hand what these Debian packages contain: ${names.join(", ")}`)];
  }
  const installed = new Map(query.said.split("\n").map((line) => line.split(" ")).flatMap(([name, state, version]) => (state === "installed" ? [[name, version]] : [])));
  return listed.map((one) => packageCheck(one, installed.get(one.name)));
}

function packageCheck({ name, purpose, why }: ListedPackage, version: string | undefined): Check {
  const required = purpose === "up";
  if (version !== undefined) return yes(name, `${version}: ${why}`, required);
  return no(name, `missing: ${why}`, required ? "./hostelry setup installs it" : `npm test installs it; or: sudo apt-get install ${name}`, required);
}

/** The lines of the list: name, purpose, machine and the reason. */
export function parsePackageList(text: string): readonly ListedPackage[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [name = "", purpose = "", machine = "", ...why] = line.trim().split(/\s+/);
    if (purpose !== "up" && purpose !== "test") throw new Error(`tools/debian-packages: ${name} is for neither \`up\` nor \`test\``);
    return { name, purpose, machine, why: why.join(" ") };
  });
}
