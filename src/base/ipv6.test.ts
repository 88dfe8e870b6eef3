import { expect, test } from "vitest";
import { formatIpv6, formatIpv6Block, ipv6BlockSize, ipv6PoolOf, isIpv6BlockWithin, normalizeIpv6Cidr, parseIpv6, parseIpv6Block, type Ipv6Block } from "./ipv6.ts";

test.each([
  ["::/0", "::/0"],
  ["0:0:0:0:0:0:0:0/0", "::/0"],
  ["2001:DB8:0:0::1/64", "2001:db8::/64"],
  ["2001:db8:0:1:1:1:1:1/128", "2001:db8:0:1:1:1:1:1/128"],
  ["2001:0:0:1:0:0:0:1/128", "2001:0:0:1::1/128"],
  ["::1/128", "::1/128"],
  ["1::/16", "1::/16"],
  ["fe80::ffff/122", "fe80::ffc0/122"],
])("The block %s is written %s", (text, normal) => {
  expect(normalizeIpv6Cidr(text)).toBe(normal);
});

test.each(["", "::", "::/129", "1:2/16", "1::2::3/16", "g::/16", "::1/64/3", "1:2:3:4:5:6:7:8::/16", "12345::/16", "10.0.0.0/8", "fe80::1%eth0/64"])("%s is no IPv6 block", (text) => {
  expect(normalizeIpv6Cidr(text)).toBeUndefined();
});

const block = (text: string): Ipv6Block => parseIpv6Block(text) ?? { base: -1n, prefix: 0 };

test("Addresses are numbers of 128 bits and come back in their shortest spelling", () => {
  const texts = ["::", "::1", "2001:DB8:0:0:0:0:0:1", "3fff:abc:def0::ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1%eth0", "10.0.0.1", "1::2::3"];
  expect(texts.map(parseIpv6).map((number) => (number === undefined ? undefined : formatIpv6(number)))).toEqual([
    "::",
    "::1",
    "2001:db8::1",
    "3fff:abc:def0::ffff",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    undefined,
    undefined,
    undefined,
  ]);
});

test("Blocks know what lies in them", () => {
  const [outer, inner, other] = [block("3fff:abc:def0:ff00::/56"), block("3fff:abc:def0:ff12::1/64"), block("3fff:abc:def0:fe00::/56")];
  expect([formatIpv6Block(inner), ipv6BlockSize(inner), isIpv6BlockWithin(inner, outer), isIpv6BlockWithin(outer, inner), isIpv6BlockWithin(inner, other)]).toEqual([
    "3fff:abc:def0:ff12::/64",
    2n ** 64n,
    true,
    false,
    false,
  ]);
});

test("Each installation has a block of its own", () => {
  expect(["abcdef", "000001", "fe57ee"].map(ipv6PoolOf)).toEqual(["3fff:abc:def0::/44", "3fff:0:10::/44", "3fff:fe5:7ee0::/44"]);
});
