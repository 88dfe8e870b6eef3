import { expect, test } from "vitest";
import { normalizeIpv6Cidr } from "./ipv6.ts";

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
