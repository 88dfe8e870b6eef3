import { expect, test } from "vitest";
import { defaultFlowLogFields, type FlowLogSpecification, type LoggedInterface } from "../../protocol/flow-log.ts";
import { FlowBook, type FlowBookState } from "./flow-book.ts";
import type { Amount, Flow, FlowCount, FlowCounts } from "./flow-counts.ts";
import type { RecordPlace } from "./flow-record.ts";

const nic: LoggedInterface = { id: "eni-0aaaaaaaaaaaaaa01", subnet: "subnet-0bbbbbbbbbbbbbb01" };
const log: FlowLogSpecification = { id: "fl-00000000000000001", account: "123456789012", region: "us-east-1", traffic: "ALL", intervalSeconds: 60, fields: defaultFlowLogFields, destination: { kind: "cloud-watch-logs", group: "g" }, interfaces: [nic] };
const place = { log, nic, vpc: "vpc-1" };
const flow: Flow = { direction: "arrive", device: "eniaaaaaaaaaa01", source: "10.0.0.1", destination: "10.0.0.2", protocol: 6, sourcePort: 1_024, destinationPort: 80 };

const amount = (packets: number): Amount => ({ packets, bytes: packets * 100 });
const count = (packets: number, idleSeconds = 0): FlowCount => ({ flow, ...amount(packets), idleSeconds });
const counts = (seen: readonly FlowCount[], kept: readonly FlowCount[], overfull: readonly string[] = []): ReadonlyMap<string, FlowCounts> => new Map([["vpc-1", { seen, kept, overfull }]]);

/** What the last lines say after these looks, 10 seconds after one another, and a minute after the first. */
function linesAfter(looks: readonly ReturnType<typeof counts>[], { places = [place], between = (book: FlowBook) => book }: { readonly places?: readonly RecordPlace[]; readonly between?: (book: FlowBook) => FlowBook } = {}): readonly string[] {
  let book = new FlowBook();
  looks.forEach((found, index) => {
    book.look(places, found, index * 10_000);
    book = between(book);
  });
  return book.look(places, looks.at(-1) ?? counts([], []), 60_000).flatMap(({ lines }) => lines.map((line) => line.split(" ").slice(3).join(" ")));
}

const accepted = (packets: number, start: number, end: number) => `10.0.0.1 10.0.0.2 1024 80 6 ${packets} ${packets * 100} ${start} ${end} ACCEPT OK`;
const rejected = (packets: number, start: number, end: number) => accepted(packets, start, end).replace("ACCEPT", "REJECT");

test("what was seen and not let through was rejected", () => {
  expect(linesAfter([counts([], []), counts([count(5)], [count(3)])])).toEqual([accepted(3, 0, 10), rejected(2, 0, 10)]);
});

test("a packet that was let through between the two readings is not a rejected one of later", () => {
  expect(linesAfter([counts([], []), counts([count(5)], [count(6)]), counts([count(8)], [count(8)])])).toEqual([accepted(8, 0, 20)]);
});

test("a flow that the kernel forgot and that began anew is counted from nothing", () => {
  expect(linesAfter([counts([], []), counts([count(5)], [count(5)]), counts([], []), counts([count(2)], [count(2)])])).toEqual([accepted(7, 0, 30)]);
});

test("one packet has one time, and a flow ends with its last packet", () => {
  expect(linesAfter([counts([], []), counts([count(1, 4)], [count(1, 4)])])).toEqual([accepted(1, 6, 6)]);
  expect(linesAfter([counts([], []), counts([count(2, 4)], [count(2, 4)])])).toEqual([accepted(2, 0, 6)]);
});

test("a log of one action has no other, and says when there was none", () => {
  const only = (traffic: "ACCEPT" | "REJECT") => linesAfter([counts([], []), counts([count(3)], [count(3)])], { places: [{ ...place, log: { ...log, traffic } }] });
  expect([only("ACCEPT"), only("REJECT")]).toEqual([[accepted(3, 0, 10)], ["- - - - - - - 0 60 - NODATA"]]);
});

test("more flows than can be counted are said to be missing", () => {
  expect(linesAfter([counts([], []), counts([count(3)], [count(3)], [flow.device])])).toEqual([accepted(3, 0, 10), "- - - - - - - 0 60 - SKIPDATA"]);
});

test("while a VPC cannot be read its interval stays open, and nothing is lost or counted twice", () => {
  const nothing: ReadonlyMap<string, FlowCounts> = new Map();
  expect(linesAfter([counts([], []), counts([count(3)], [count(3)]), nothing, counts([count(4)], [count(4)])])).toEqual([accepted(4, 0, 30)]);
  const book = new FlowBook();
  for (const [found, atMs] of [[counts([count(3)], [count(3)]), 0], [nothing, 70_000]] as const) expect(book.look([place], found, atMs)).toEqual([]);
  expect(book.look([place], counts([count(4)], [count(4)]), 80_000).flatMap(({ lines }) => lines)).toEqual([expect.stringContaining(" 6 4 400 ")]);
});

test("what is written down is taken up by the next", () => {
  const between = ({ state }: FlowBook) => new FlowBook(JSON.parse(JSON.stringify(state)) as FlowBookState); // it is plain data
  expect(linesAfter([counts([], []), counts([count(3)], [count(3)]), counts([count(5)], [count(4)])], { between })).toEqual([accepted(4, 0, 20), rejected(1, 20, 20)]);
});
