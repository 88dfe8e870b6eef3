/**
 * The shape of a Describe action: list the rows that the caller may see (or those of the ids asked for), filter, page, show. Describe actions
 * are authorized as a whole, on all resources (facts §10.3).
 */
import type { Filter } from "@aws-sdk/client-ec2";
import type { ActionInput, ActionName, ActionOutput } from "../../wire/action-types.ts";
import { eraseTypes, type Action, type Call } from "../action.ts";
import { compileFilters, type FilterTable } from "./filters.ts";
import { parsePage, takePage, type PageBounds, type PageScope, type PageTokens } from "./paging.ts";

/** The members that every Describe input may have, whatever else it has. */
interface DescribeInput {
  readonly Filters?: readonly Filter[] | undefined;
  /** What DescribeNatGateways calls them. */
  readonly Filter?: readonly Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

export interface DescribeDefinition<Name extends ActionName<"ec2">, Row> {
  readonly name: Name;
  readonly supported: string;
  /** The ids that the request names, if it does; with them MaxResults is refused where `page` says so. */
  readonly ids?: (input: ActionInput<"ec2", Name>) => readonly string[] | undefined;
  /** The caller's rows, or those of the ids: then it fails for a malformed or missing one. In any order. */
  readonly list: (call: Call<ActionInput<"ec2", Name>>) => Promise<readonly Row[]> | readonly Row[];
  /** Unique and lasting; pages are in its order. */
  readonly key: (row: Row) => string;
  readonly filters?: FilterTable<Row>;
  /** Absent: the action has no pages and answers everything. */
  readonly page?: PageBounds;
  readonly output: (
    rows: readonly Row[],
    nextToken: string | undefined,
    call: Call<ActionInput<"ec2", Name>>,
  ) => Promise<ActionOutput<"ec2", Name>> | ActionOutput<"ec2", Name>;
}

export function defineDescribe<const Name extends ActionName<"ec2">, Row>(definition: DescribeDefinition<Name, Row>): Action {
  // To compare the types of any one of 800 actions with each other takes the compiler many minutes; from here on they are erased.
  const erased = definition as unknown as ErasedDefinition<Row>;
  return eraseTypes("ec2", {
    name: erased.name,
    supported: erased.supported,
    readOnly: true,
    load: () => undefined,
    authorize: () => [{ action: `ec2:${erased.name}`, resource: "*" }],
    apply: (_nothing, call: Call<DescribeInput>) => describe(erased, call),
  });
}

interface ErasedDefinition<Row> {
  readonly name: string;
  readonly supported: string;
  readonly ids?: (input: DescribeInput) => readonly string[] | undefined;
  readonly list: (call: Call<DescribeInput>) => Promise<readonly Row[]> | readonly Row[];
  readonly key: (row: Row) => string;
  readonly filters?: FilterTable<Row>;
  readonly page?: PageBounds;
  readonly output: (rows: readonly Row[], nextToken: string | undefined, call: Call<DescribeInput>) => unknown;
}

async function describe<Row>(definition: ErasedDefinition<Row>, call: Call<DescribeInput>): Promise<unknown> {
  const input = call.input;
  const { MaxResults: maxResults, NextToken: nextToken, ...rest } = input;
  const holds = definition.filters === undefined ? () => true : compileFilters(input.Filters ?? input.Filter, definition.filters);
  const scope: PageScope = { action: definition.name, account: call.caller.account, region: call.caller.region, filters: rest };
  const tokens: PageTokens = { secret: call.pageSecret, clock: { now: () => call.now } };
  const position =
    definition.page === undefined
      ? { after: undefined, limit: undefined }
      : parsePage({ maxResults, nextToken, ids: definition.ids?.(call.input) }, definition.page, scope, tokens);
  const rows = (await definition.list(call)).filter(holds);
  const sorted = rows.toSorted((a, b) => (definition.key(a) < definition.key(b) ? -1 : 1));
  const page = takePage(sorted, definition.key, position, scope, tokens);
  return definition.output(page.rows, page.nextToken, call);
}
