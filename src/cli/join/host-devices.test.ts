import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { giveDevices, type HostDevices } from "./host-devices.ts";
import { findMembership, writeMembership, type Membership } from "./membership.ts";

// Every machine has the device `lo`, and it is all that these rules look for.
const known: Membership = {
  host: "aj1",
  zone: "us-east-1a",
  installation: "0a1b2c",
  certificate: "a certificate",
  underlay: { block: "198.19.0.0/22", publicPool: "198.18.0.0/24", address: "198.19.3.254" },
  url: "https://198.19.0.1:8774",
  authority: "an authority",
  runDirectory: "/nowhere",
  device: "eth1",
  cards: ["eth2"],
};

let dataDirectory: string;

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "hostelry-devices-"));
  await writeMembership(dataDirectory, known);
});

afterEach(() => rm(dataDirectory, { recursive: true }));

const give = (wish: Partial<HostDevices>, { isThere = false, from = known } = {}) => giveDevices({ dataDirectory, known: from, isThere }, wish, async () => 9_100);

describe("a host that joined and is given devices anew", () => {
  test("has those from then on, and keeps what was not named", async () => {
    const other = await give({ device: "lo", mtu: 1_500, cards: [] });
    expect([other, findMembership(dataDirectory)]).toEqual([{ ...known, device: "lo", mtu: 1_500, cards: [] }, other]);
    const wider = await give({ mtu: 9_000 }, { from: other });
    expect([wider, findMembership(dataDirectory)]).toEqual([{ ...known, device: "lo", mtu: 9_000, cards: [] }, wider]);
  });

  test("must be down for it, and says what is other", async () => {
    await expect(give({ cards: ["lo"], mtu: 1_500 }, { isThere: true })).rejects.toMatchObject({ message: "The host aj1 is there, with another MTU and other cards.", remedy: expect.stringContaining("./hostelry down") });
    expect(findMembership(dataDirectory)).toEqual(known);
  });

  test("is as it was when it has them already, while it runs too", async () => {
    for (const same of [{}, { device: "eth1", cards: ["eth2"], accelerators: [] }, { mtu: 9_100 }]) expect(await give(same, { isThere: true })).toBe(known);
  });

  test("is as it was when the machine has no such devices, or they do not fit together", async () => {
    const refused: [Partial<HostDevices>, string][] = [
      [{ device: "lo", cards: ["nothere0"] }, "This machine has no network device nothere0."],
      [{ device: "lo", cards: ["lo"] }, "lo is the way to the data centre, and cannot be split among guests."],
      [{ device: "lo", cards: [], mtu: 600 }, "lo has room for packets of 600 bytes, and a host needs"],
      [{ device: "lo", cards: [], accelerators: ["gpu"] }, "This machine has no accelerator gpu that guests could have."],
    ];
    for (const [wish, message] of refused) await expect(give(wish)).rejects.toThrow(message);
    expect(findMembership(dataDirectory)).toEqual(known);
  });
});
