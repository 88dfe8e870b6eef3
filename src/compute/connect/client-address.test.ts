import { describe, expect, test } from "vitest";
import { chooseClientAddress } from "./client-address.ts";

const tunnel = { endpoint: "eice-0123456789abcdef0", instanceType: "t3.micro", preservesAgainst: ["172.31.0.0/16", "10.1.0.0/24"] } as const;

describe("a guest sees the client's address", () => {
  test("where the endpoint preserves it, and no address is chosen where it does not", () => {
    const { preservesAgainst: _blocks, ...plain } = tunnel;
    expect([chooseClientAddress(tunnel, "192.0.2.7"), chooseClientAddress(plain, "192.0.2.7"), chooseClientAddress({ ...plain, instanceType: "m1.small" }, "127.0.0.1")]).toEqual(["192.0.2.7", undefined, undefined]);
  });

  test.each([
    ["of the loopback", "127.0.0.1", {}, "no address that a guest can answer"],
    ["of a link", "169.254.169.254", {}, "no address that a guest can answer"],
    ["of IPv6", "2001:db8::1", {}, "no address that a guest can answer"],
    ["within the VPC", "10.1.0.9", {}, "own VPC"],
    ["to an instance of a type that EC2 excepts", "192.0.2.7", { instanceType: "m3.medium" }, "type m3.medium"],
  ])("but not one %s, which is refused with what to do", (_what, client, change, said) => {
    expect(() => chooseClientAddress({ ...tunnel, ...change }, client)).toThrow(new RegExp(`${said}.*PreserveClientIp`));
  });
});
