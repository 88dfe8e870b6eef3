import { expect, test } from "vitest";
import { formatCidr, parseCidr } from "../base/ipv4.ts";
import { chooseUnderlay, parseRoutes } from "./free-block.ts";

const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0100000A	0003	0	0	0	00000000	0	0	0
eth0	0000000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
hyab12cd	000412C6	00000000	0001	0	0	0	00FCFFFF	0	0	0
`;

test("the machine's routes are read without the default route", () => {
  expect(parseRoutes(table).map((route) => [route.device, formatCidr(route)])).toEqual([
    ["eth0", "10.0.0.0/24"],
    ["hyab12cd", "198.18.4.0/22"],
  ]);
});

test("an underlay network is the same for the same id, and another when the machine uses that one", () => {
  const free = chooseUnderlay("ab12cd", []);
  expect(chooseUnderlay("ab12cd", [])).toEqual(free);
  const other = chooseUnderlay("ab12cd", [free]);
  expect([free, other].map(formatCidr)).toEqual(["198.19.52.0/22", "198.19.56.0/22"]);
  expect(() => chooseUnderlay("ab12cd", [parseCidr("198.16.0.0/13") ?? free])).toThrow(/every underlay network is in use/);
});
