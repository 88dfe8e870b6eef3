import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KnownInterfaces } from "./known-interfaces.ts";
import { interfaceSpecimen } from "./testing/specimens.ts";

let directory: string;
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "hostelry-known-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const one = interfaceSpecimen("1", "1", "172.31.0.5", "198.18.4.10");
const two = interfaceSpecimen("2", "2", "172.31.0.5");

test("numbers given out are found again by the next process and are given to nobody else", () => {
  const before = new KnownInterfaces(directory);
  before.remember(one, { user: { uid: 7, gid: 7 }, connected: true });
  before.setHopLimit(one.id, 3);
  const after = new KnownInterfaces(directory);
  expect([after.remember(one), after.remember(two), after.linkNumber(one.vpc.id), after.linkNumber(two.vpc.id)]).toEqual([
    { nic: one, metadataPort: 20_000, hopLimit: 3, connected: true, tapUser: { uid: 7, gid: 7 } },
    { nic: two, metadataPort: 20_001, hopLimit: 1, connected: false },
    0,
    1,
  ]);
});

test("a VPC's link address is free again when its last interface is forgotten, and metadata ports too", () => {
  const known = new KnownInterfaces(directory);
  known.remember(one);
  known.forget([one.id]);
  expect([known.remember(two).metadataPort, known.linkNumber(two.vpc.id), known.usesVpc(one.vpc.id)]).toEqual([20_000, 0, false]);
});

test("who has which virtual function is known to the next process, until the interface is forgotten", () => {
  const cardFunction = { device: "eth1", number: 0, address: "0000:01:10.0" };
  new KnownInterfaces(directory).remember(one, { cardFunction });
  const after = new KnownInterfaces(directory);
  after.remember(two);
  expect([after.cardFunctions(), after.cardFunctions([two.id]), after.remember(one).cardFunction]).toEqual([[cardFunction], [], cardFunction]);
  after.forget([one.id]);
  expect(after.cardFunctions()).toEqual([]);
});
