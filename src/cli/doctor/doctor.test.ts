import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseCidr } from "../../base/ipv4.ts";
import { no, unknown, yes } from "./check.ts";
import { engineChecks } from "./engines.ts";
import { parseResolvers } from "../resolvers.ts";
import { conflictChecks } from "./network.ts";
import { parsePackageList } from "./packages.ts";
import { renderChecks, verdict } from "./render.ts";

const route = (cidr: string, device: string) => ({ ...(parseCidr(cidr) ?? { base: 0, prefix: 0 }), device });

describe("doctor", () => {
  test("shows each thing with its reason and remedy, and a verdict over all", () => {
    const groups = [
      { title: "Program", checks: [yes("root", "this runs as root"), no("Node.js", "18.0.0", "Start through ./hostelry")] },
      { title: "Kernel", checks: [unknown("nftables", "can only be tried as root", "Run: sudo ./hostelry doctor")] },
    ];
    expect(renderChecks(groups)).toBe(
      [
        "Program",
        "  yes  root      this runs as root",
        "  NO   Node.js   18.0.0",
        "                 → Start through ./hostelry",
        "",
        "Kernel",
        "   ?   nftables  can only be tried as root",
        "                 → Run: sudo ./hostelry doctor",
        "",
        "Not ready: Node.js.",
        "",
      ].join("\n"),
    );
  });

  test("is content without what is not required, and says what it could not see", () => {
    expect(verdict([yes("a", "")])).toBe("Ready.");
    expect(verdict([no("hardware", "", "", false), unknown("b", "", "")])).toBe("Ready, without hardware, as far as this user can see (1 not checked).");
  });

  test("believes the probe of an engine and not the presence of its device", () => {
    const works = { works: true, engine: "qemu-tcg", bootMs: 900 };
    const engines = {
      emulated: works,
      paravirtual: { works: false, engine: "user-mode-linux", reason: "it is not installed" },
      hardware: { works: false, engine: "qemu-kvm", reason: "the first instruction never returned" },
    };
    const checks = engineChecks({ engines, arm64: { works: false, engine: "qemu-arm64", reason: "there is no /usr/bin/qemu-system-aarch64" } });
    expect(checks.map(({ name, result, required }) => [name, result, required])).toEqual([
      ["emulated", "yes", true],
      ["paravirtual", "no", false],
      ["hardware", "no", false],
      ["arm64", "no", false],
    ]);
    expect(checks[2]?.detail).toMatch(/^qemu-kvm: the first instruction never returned; /);
  });

  test("finds a foreign route in the way of an installation, but not its own", () => {
    const networks = { id: "ab12cd", publicPool: "198.18.0.0/22", underlay: "198.19.0.0/22" };
    const own = [route("198.18.0.0/22", "hyab12cd"), route("198.19.0.0/22", "hyab12cd"), route("10.0.0.0/8", "eth0")];
    expect(conflictChecks(networks, own).map(({ result }) => result)).toEqual(["yes", "yes"]);
    expect(conflictChecks(networks, [...own, route("198.18.0.0/16", "tun0")])[0]).toMatchObject({
      result: "no",
      detail: "198.18.0.0/22 overlaps the route 198.18.0.0/16 over tun0",
    });
  });

  test("reads the resolvers of the machine", () => {
    expect(parseResolvers("# nameserver 1.1.1.1\nsearch x\nnameserver 10.0.0.2\n  nameserver fd00::1\n")).toEqual(["10.0.0.2", "fd00::1"]);
  });

  test("knows every package of the list, each with a reason", () => {
    const listed = parsePackageList(readFileSync(new URL("../../../tools/debian-packages", import.meta.url), "utf8"));
    expect(listed.filter(({ machine, why }) => !["any", "x86_64", "aarch64"].includes(machine) || why === "")).toEqual([]);
    expect(listed.find(({ name }) => name === "awscli")?.purpose).toBe("test");
    expect(new Set(listed.map(({ name }) => name)).size).toBe(listed.length);
  });
});
