/** The Debian packages of `tools/debian-packages`. */
import { readFileSync } from "node:fs";
import { type Check, no, tryCommand, unknown, yes } from "./check.ts";

const purposes = ["up", "arm64", "test"] as const;
type Purpose = (typeof purposes)[number];

export interface ListedPackage {
  readonly name: string;
  readonly purpose: Purpose;
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
  return no(name, `missing: ${why}`, remedies[purpose](name), required);
}

const remedies: Readonly<Record<Purpose, (name: string) => string>> = {
  up: () => "./hostelry setup installs it",
  arm64: () => "./hostelry setup arm64 installs it, or the first launch of an image of arm64",
  test: (name) => `npm test installs it; or: sudo apt-get install ${name}`,
};

/** The lines of the list: name, purpose, machine and the reason. */
export function parsePackageList(text: string): readonly ListedPackage[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const [name = "", word = "", machine = "", ...why] = line.trim().split(/\s+/);
    const purpose = purposes.find((each) => each === word);
    if (purpose === undefined) throw new Error(`tools/debian-packages: ${name} is for none of ${purposes.join(", ")}`);
    return { name, purpose, machine, why: why.join(" ") };
  });
}
