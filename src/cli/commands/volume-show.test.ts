import { expect, test } from "vitest";
import { renderVolume, type ShownVolume } from "./volume-show.ts";

const record = { id: "vol-1", account: "111122223333", zone: "us-east-1a", storageNode: "as", sizeGib: 8, type: "gp3", encrypted: true, state: "in-use", heldBy: [] };

const shown = (volume: ShownVolume) => renderVolume(volume).split("\n").map((line) => line.replace(/ +/g, " "));

test("a volume is shown with who holds it, what it began as, its layers and its work", () => {
  const volume: ShownVolume = {
    ...record,
    snapshot: "snap-0",
    heldBy: [{ instance: "i-1", device: "/dev/sdf", state: "attached", host: "a1" }, { instance: "i-2", device: "/dev/sdg", state: "attached" }],
    source: "snapshot",
    layers: [{ number: 0, storedBytes: 3 * 2 ** 20, moment: "snap-1" }, { number: 1, storedBytes: 0 }],
    exports: ["vol-1.token"],
    work: { kind: "merging", percent: 7 },
    facts: { condition: { sizeGib: 8, initializedPercent: 40 }, snapshots: [{ id: "snap-1", state: "frozen", percent: 5 }] },
  };
  expect(shown(volume)).toEqual([
    "volume vol-1 of account 111122223333 in us-east-1a, 8 GiB of gp3, encrypted",
    "state in-use",
    "held by i-1 as /dev/sdf, attached, on a1; i-2 as /dev/sdg, attached",
    "begun as snap-0, 40 % here",
    "kept on as",
    "layer 0 3.0 MiB, frozen, up to snap-1",
    "layer 1 0.0 MiB, active",
    "exports vol-1.token",
    "work merging, 7 %",
    "snapshot snap-1, frozen, 5 %",
  ]);
});

test("a volume is shown without its bytes while its storage node does not answer", () => {
  expect(shown({ ...record, encrypted: false, state: "available" })).toEqual(["volume vol-1 of account 111122223333 in us-east-1a, 8 GiB of gp3", "state available", "held by nothing", "begun as nothing", "kept on as, which does not say more"]);
});
