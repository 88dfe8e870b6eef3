/**
 * The filters of EC2's Describe actions: the values of one filter are alternatives, the filters all hold. An action gives the
 * table of filter names that it knows, each with the record's values of that name; the request's filters are checked and
 * compiled once, before any row is read. Facts §11.3.
 */
import type { Filter } from "@aws-sdk/client-ec2";
import { filterLimitExceeded, invalidFilter, invalidParameterValue, missingParameter } from "../../base/api-error.ts";
import { compilePattern } from "./pattern.ts";

/** Filters compare text: numbers, booleans and times in the form in which the answer shows them. */
export type FieldValue = string | number | boolean | Date | undefined | null;

/** The filter names of an action; `tags` makes `tag:KEY`, `tag-key` and `tag-value` known as well. */
export interface FilterTable<Row> {
  readonly fields: Readonly<Record<string, (row: Row) => FieldValue | readonly FieldValue[]>>;
  readonly tags?: (row: Row) => readonly { readonly key: string; readonly value: string }[];
}

export type Predicate<Row> = (row: Row) => boolean;

/** The most filters, and the most values of all of them together, that one call may carry. */
export const maxFilterValues = 200;

/** Every row is matched against every value in the one thread that serves all callers, so its cost is bounded here. */
const maxCost = 400;
const maxValueLength = 1024;

/** Throws EC2's errors for an unknown filter, too many values and a filter without a name. */
export function compileFilters<Row>(filters: readonly Filter[] | undefined, table: FilterTable<Row>): Predicate<Row> {
  if (filters === undefined || filters.length === 0) return () => true;
  if (filters.length > maxFilterValues) throw filterLimitExceeded(maxFilterValues);
  const values = filters.reduce((sum, filter) => sum + (filter.Values?.length ?? 0), 0);
  if (values > maxFilterValues) throw filterLimitExceeded(maxFilterValues);
  const compiled = filters.map((filter) => compileFilter(filter, table));
  const cost = compiled.reduce((sum, filter) => sum + filter.cost, 0);
  if (cost > maxCost) throw invalidParameterValue(`The filter values with '?' in them may hold at most ${maxCost} wildcards together`);
  return (row) => compiled.every((filter) => filter.holds(row));
}

interface CompiledFilter<Row> {
  readonly cost: number;
  readonly holds: Predicate<Row>;
}

function compileFilter<Row>({ Name: name, Values: values }: Filter, table: FilterTable<Row>): CompiledFilter<Row> {
  if (name === undefined || name === "") throw missingParameter("Filter.Name");
  const valuesOf = accessor(name, table);
  const patterns = (values ?? []).map((value) => {
    if (value.length > maxValueLength) throw invalidParameterValue(`A value of the filter '${name}' is longer than ${maxValueLength} characters`);
    return compilePattern(value);
  });
  return {
    cost: patterns.reduce((sum, pattern) => sum + pattern.cost, 0),
    holds: (row) => valuesOf(row).some((value) => patterns.some((pattern) => pattern.matches(value))),
  };
}

function accessor<Row>(name: string, { fields, tags }: FilterTable<Row>): (row: Row) => string[] {
  if (Object.hasOwn(fields, name)) {
    const field = fields[name];
    if (field !== undefined) return (row) => texts(field(row));
  }
  if (tags !== undefined) {
    if (name === "tag-key") return (row) => tags(row).map(({ key }) => key);
    if (name === "tag-value") return (row) => tags(row).map(({ value }) => value);
    if (name.startsWith("tag:") && name.length > 4) {
      const key = name.slice(4);
      return (row) => tags(row).flatMap((tag) => (tag.key === key ? [tag.value] : []));
    }
  }
  throw invalidFilter(name);
}

function texts(value: FieldValue | readonly FieldValue[]): string[] {
  if (isList(value)) return value.flatMap(text);
  return text(value);
}

function isList(value: FieldValue | readonly FieldValue[]): value is readonly FieldValue[] {
  return Array.isArray(value);
}

function text(value: FieldValue): string[] {
  if (value === undefined || value === null) return [];
  return [value instanceof Date ? value.toISOString() : String(value)];
}
