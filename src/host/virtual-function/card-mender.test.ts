import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jsonLog } from "../../base/log.ts";
import { CardMender, type HeldFunction } from "./card-mender.ts";
import { MadeCard, madeCard, madeFunctions } from "./testing/made-card.ts";

let root: string;
let card: MadeCard;
let said: { readonly message: string; readonly lost: readonly HeldFunction[] }[];
let mender: CardMender;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hostelry-card-"));
  card = new MadeCard(root);
  said = [];
  mender = new CardMender([madeCard], jsonLog((line) => said.push(JSON.parse(line) as (typeof said)[number]), () => 0), card); // our own log wrote it
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const held = madeFunctions.slice(1).map((cardFunction): HeldFunction => ({ cardFunction, mac: "0a:ff:00:00:00:01" }));
const settings = [[1, { mac: "0a:ff:00:00:00:01", vlan: 3_002, isChecked: true }]];
const [mended, away] = ["a network card had lost its virtual functions and has them again; guests that had some are without until they start anew", "a network card's virtual functions are away"];

test("A network card that was reset has its functions again, with the addresses and VLANs that they had, and the log says whose they are", async () => {
  await card.makeFunctions(madeCard.address, madeFunctions.length, join(root, "sys/bus/pci"));
  await mender.mend(held);
  expect([[...card.told], said], "a card that works is left alone").toEqual([[], []]);
  card.reset();
  await mender.mend(held);
  expect([[...card.told], said]).toEqual([settings, [expect.objectContaining({ message: mended, ...madeCard, lost: held })]]);
  card.reset();
  await mender.mend([]);
  await mender.mend([]);
  expect([[...card.told], said.slice(1)], "nobody had any").toEqual([[], [expect.objectContaining({ message: mended, lost: [] })]]);
});

test("A network card that is gone is said to be so once, and mended when it is back", async () => {
  card.unplug();
  await mender.mend(held);
  await mender.mend(held);
  expect(said.map(({ message }) => message)).toEqual([away]);
  card.plugIn();
  await mender.mend(held);
  expect([[...card.told], said.map(({ message }) => message)]).toEqual([settings, [away, mended]]);
});

test("A network card that takes an address and does not check it is not mended", async () => {
  card.isCareless = true;
  await mender.mend(held);
  expect(said).toEqual([expect.objectContaining({ message: away, error: expect.objectContaining({ message: expect.stringContaining("has not taken its address, VLAN and check") as string }) as object })]);
});
