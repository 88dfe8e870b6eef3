import { expect, test } from "vitest";
import { parseCidr, type Cidr } from "../../base/ipv4.ts";
import { chooseFreeBlock } from "./public-pool.ts";
import { checkPlan, congestionControl, nodeLines, type UnderlayPlan } from "./underlay-plan.ts";

const plan: UnderlayPlan = {
  installation: "a1b2c3",
  underlay: "198.18.0.0/22",
  publicPool: "198.18.4.0/22",
  nodes: [{ id: "us-east-1a-host-1", address: "198.18.0.2" }],
};
const block = (text: string): Cidr => parseCidr(text) ?? { base: 0, prefix: 32 };

test("a node gets its address, the public pool as neighbours, and its way out through the machine", () => {
  const [node] = plan.nodes;
  expect(node === undefined ? [] : nodeLines(checkPlan(plan), node, congestionControl("reno bbr cubic\n"))).toEqual([
    "link set lo up",
    "address flush dev underlay0 scope global",
    "address replace 198.18.0.2/22 dev underlay0 noprefixroute",
    "link set underlay0 mtu 9100 up",
    "route replace 198.18.0.0/22 dev underlay0 src 198.18.0.2 quickack 1 congctl cubic",
    "route replace 198.18.4.0/22 dev underlay0 mtu 1500",
    "route replace default via 198.18.4.1 dev underlay0 onlink mtu 1500",
    "route replace 3fff:a1b:2c30::/44 dev underlay0 mtu 1500",
    "route replace default via 3fff:a1b:2c30::1 dev underlay0 mtu 1500",
  ]);
});

test("TCP between nodes keeps to what every kernel has where there is no cubic", () => {
  expect(congestionControl("reno bbr\n")).toBe("reno");
});

test.each([
  ["a malformed block", { ...plan, publicPool: "198.18.4.0" }, /malformed block/],
  ["an id that is none", { ...plan, installation: "a1b2c3; rm" }, /six hexadecimal digits/],
  ["an address outside the underlay network", { ...plan, nodes: [{ id: "h", address: "10.0.0.1" }] }, /not a node's/],
  ["the machine's own address", { ...plan, nodes: [{ id: "h", address: "198.18.0.1" }] }, /not a node's/],
  ["a node whose name is the switch's", { ...plan, nodes: [{ id: "underlay", address: "198.18.0.2" }] }, /cannot be a node's id/],
  ["a node whose name is no name", { ...plan, nodes: [{ id: "a b", address: "198.18.0.2" }] }, /cannot be a node's id/],
])("a plan with %s is refused", (_what, wrong, message) => {
  expect(() => checkPlan(wrong)).toThrow(message);
});

test("the public pool is the first block that nothing on the machine uses", () => {
  expect(chooseFreeBlock([block("198.18.0.0/24"), block("198.18.5.1/32"), block("10.0.0.0/8")])).toEqual(block("198.18.8.0/22"));
});

test("a machine that uses the whole source block has no free pool, and is told so", () => {
  expect(() => chooseFreeBlock([block("198.18.0.0/15")])).toThrow(/198.18.0.0\/15 is in use/);
});
