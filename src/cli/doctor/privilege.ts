/** Who runs this, with which Node.js. */
import { type Check, no, tryCommand, yes } from "./check.ts";

const neededMajor = 24;

export function privilegeChecks(isRoot: boolean): readonly Check[] {
  return [rootCheck(isRoot), nodeCheck(process.versions.node)];
}

function rootCheck(isRoot: boolean): Check {
  if (isRoot) return yes("root", "this runs as root");
  const remedy = "Run as root, install sudo, or use ./hostelry up --simulated";
  if (!tryCommand("sudo", ["--version"]).worked) return no("root", "this is another user, and there is no sudo", remedy);
  if (tryCommand("sudo", ["--non-interactive", "true"]).worked) return yes("root", "through sudo, without a password");
  return yes("root", "through sudo, which will ask for a password");
}

function nodeCheck(version: string): Check {
  const detail = `${version} (${process.execPath})`;
  if (Number.parseInt(version, 10) >= neededMajor) return yes("Node.js", detail);
  return no("Node.js", detail, "Start through ./hostelry, which installs a newer one");
}
