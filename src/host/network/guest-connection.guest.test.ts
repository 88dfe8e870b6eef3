/** Connections of the service to a guest by its public address, as its groups let them through. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GroupRuleSpecification } from "../protocol/specification.ts";
import { connectAddress, connectBlock } from "../protocol/stream.ts";
import { FabricBench } from "./testing/fabric-bench.ts";
import { openRules } from "./testing/vpc-specimens.ts";

let bench: FabricBench;
const port = 7_022;
const guarded = "sg-0aaaaaaaaaaaaaaa1";
const [out] = openRules as [GroupRuleSpecification];
const publicAddress = () => bench.hosts.publicAddress(21);

/** a1 has a public address and lets in, at the port, what comes from these blocks. */
async function allow(...cidrs: readonly string[]): Promise<void> {
  const interfaces = bench.placed({ a1: { groups: [guarded], publicAddresses: { [bench.nics.a1.privateAddress]: publicAddress() } } });
  const rules = [out, { id: "sgr-01", egress: false, traffic: { protocol: 6, ports: { from: port, to: port + 1 } }, peer: { cidrs } }];
  await bench.apply({ interfaces, groups: [{ id: guarded, rules }] });
}

beforeAll(async () => {
  bench = await FabricBench.open();
  await bench.guests.a1.serve(port, "a1");
});
afterAll(() => (bench as FabricBench | undefined)?.[Symbol.asyncDispose]()); // undefined when it could not be opened

describe("the service", () => {
  test("reaches a guest whose group allows its block, and the guest sees the service's address", async () => {
    await allow(connectBlock);
    expect(await bench.hosts.a.greetingOf(publicAddress(), port)).toBe(`a1 ${connectAddress}\n`);
  });

  test("hears that nothing listens", async () => {
    expect(await bench.hosts.a.greetingOf(publicAddress(), port + 1)).toBe("refused");
  });

  test("gets no answer from a guest whose groups do not allow it", async () => {
    await allow("192.0.2.0/24");
    expect(await bench.hosts.a.greetingOf(publicAddress(), port)).toBe("timed-out");
  });

  test("cannot be reached by a guest", async () => {
    await allow("0.0.0.0/0");
    await bench.hosts.a.listen(port);
    expect([await bench.guests.a1.connect(connectAddress, port), await bench.guests.a1.pings(connectAddress)]).toEqual([undefined, false]);
  });
});
