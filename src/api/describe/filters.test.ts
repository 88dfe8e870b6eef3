import { expect, test } from "vitest";
import { isApiError } from "../../base/api-error.ts";
import { compileFilters, type FilterTable } from "./filters.ts";

interface Row {
  readonly id: string;
  readonly state: number;
  readonly groups: readonly string[];
  readonly launched?: Date;
  readonly ready: boolean;
  readonly tags: readonly { key: string; value: string }[];
}

const table: FilterTable<Row> = {
  fields: {
    "instance-id": (row) => row.id,
    "instance-state-code": (row) => row.state,
    "group-id": (row) => row.groups,
    "launch-time": (row) => row.launched,
    ready: (row) => row.ready,
  },
  tags: (row) => row.tags,
};

const rows: Row[] = [
  { id: "i-1", state: 16, groups: ["sg-1", "sg-2"], launched: new Date("2022-09-15T10:20:30Z"), ready: true, tags: [{ key: "Name", value: "web" }, { key: "__proto__", value: "x" }] },
  { id: "i-2", state: 80, groups: [], ready: false, tags: [{ key: "Name", value: "" }] },
  { id: "i-3", state: 16, groups: ["sg-2"], launched: new Date("2023-01-01T00:00:00Z"), ready: false, tags: [] },
];

const filter = (name: string, ...values: string[]) => ({ Name: name, Values: values });
const found = (...filters: { Name: string; Values: string[] }[]) => rows.filter(compileFilters(filters, table)).map((row) => row.id);

function refusal(filters: readonly { Name?: string; Values?: string[] }[]): string {
  try {
    compileFilters(filters, table);
    return "accepted";
  } catch (thrown) {
    return isApiError(thrown) ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
}

test("No filters let everything pass", () => {
  expect([rows.filter(compileFilters(undefined, table)).length, found().length]).toEqual([3, 3]);
});

test("Values of one filter are alternatives and filters all hold", () => {
  expect([found(filter("instance-id", "i-1", "i-2")), found(filter("instance-id", "i-1", "i-2"), filter("instance-state-code", "80"))]).toEqual([["i-1", "i-2"], ["i-2"]]);
});

test("A field with several values matches when one of them does, and a field without any never", () => {
  expect([found(filter("group-id", "sg-2")), found(filter("group-id", "*"))]).toEqual([
    ["i-1", "i-3"],
    ["i-1", "i-3"],
  ]);
});

test("Numbers, booleans and times are compared as text", () => {
  expect([found(filter("launch-time", "2022-09-15T*")), found(filter("ready", "true")), found(filter("instance-state-code", "1?"))]).toEqual([["i-1"], ["i-1"], ["i-1", "i-3"]]);
});

test("Tags are found by key and value, by key, and by value", () => {
  expect([found(filter("tag:Name", "w*")), found(filter("tag:Name", "")), found(filter("tag-key", "Name")), found(filter("tag-value", "web")), found(filter("tag:name", "*"))]).toEqual([
    ["i-1"],
    ["i-2"],
    ["i-1", "i-2"],
    ["i-1"],
    [],
  ]);
});

test("Keys that are names of JavaScript's own are keys like others", () => {
  expect([found(filter("tag:__proto__", "x")), found(filter("tag:constructor", "*"))]).toEqual([["i-1"], []]);
});

test("A filter without values matches nothing", () => {
  expect(found(filter("instance-id"))).toEqual([]);
});

test("Unknown filters are refused in EC2's words", () => {
  expect(["color", "Instance-Id", "tag:", "constructor", "__proto__"].map((name) => refusal([filter(name, "x")]))).toEqual([
    "InvalidParameterValue: The filter 'color' is invalid",
    "InvalidParameterValue: The filter 'Instance-Id' is invalid",
    "InvalidParameterValue: The filter 'tag:' is invalid",
    "InvalidParameterValue: The filter 'constructor' is invalid",
    "InvalidParameterValue: The filter '__proto__' is invalid",
  ]);
});

test("Tag filters are unknown where the resource has no tags", () => {
  expect(() => compileFilters([filter("tag:Name", "x")], { fields: {} })).toThrow("The filter 'tag:Name' is invalid");
});

test("200 values are accepted and one more is refused, however they are spread", () => {
  const values = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`);
  const limit = "FilterLimitExceeded: The maximum number of filter values specified on a single call is 200.";
  expect([
    refusal([filter("instance-id", ...values(200))]),
    refusal([filter("instance-id", ...values(201))]),
    refusal([filter("instance-id", ...values(100)), filter("group-id", ...values(101))]),
    refusal(values(201).map(() => filter("instance-id"))),
  ]).toEqual(["accepted", limit, limit, limit]);
});

test("10,000 filters are refused before any is looked at", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => filter(`unknown-${index}`, "*".repeat(100)));
  const before = performance.now();
  expect(refusal(many)).toMatch(/^FilterLimitExceeded/);
  expect(performance.now() - before).toBeLessThan(1000);
});

test("Filters without a name, of endless values and of endless wildcards are refused", () => {
  expect([
    refusal([{ Values: ["x"] }]),
    refusal([filter("instance-id", "x".repeat(1025))]).split(":")[0],
    refusal([filter("instance-id", ...Array.from({ length: 101 }, () => "?a".repeat(10)))]).split(":")[0],
  ]).toEqual(["MissingParameter: The request must contain the parameter Filter.Name", "InvalidParameterValue", "InvalidParameterValue"]);
});
