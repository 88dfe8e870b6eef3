/** A policy in the form in which it is asked many times: everything that its text says once is found out once. */
import { compileCondition, type Context, type Predicate } from "./condition.ts";
import type { Choice, Effect, PolicyDocument, Principals, Statement } from "./document.ts";
import { compileArnPattern, compilePattern, type ArnParts, type Lookup } from "./pattern.ts";

export interface CompiledPolicy {
  /** The statements that are about the action (lower case: `ec2:runinstances`), whatever the resource. */
  about(action: string): readonly CompiledStatement[];
}

export interface CompiledStatement {
  /** In its policy, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: Effect;
  readonly principals: Principals | undefined;
  /** Whether the statement, which is about the request's action, is about all else of it, whoever makes it. */
  applies(request: StatementRequest): boolean;
}

export interface StatementRequest {
  /** An ARN's, or `*` for an action on no resource in particular: only a pattern of everything is about that. */
  readonly resource: ArnParts;
  readonly context: Context;
  readonly lookup: Lookup;
}

/** Requests ask for few different actions; whoever asks for more (a simulation) makes it start anew. */
const rememberedActions = 500;

export function compilePolicy({ version, statements }: PolicyDocument): CompiledPolicy {
  const variables = version === "2012-10-17";
  const compiled = statements.map((statement, index) => ({ isAction: compileActions(statement.actions), statement: compileStatement(statement, index, variables) }));
  const byAction = new Map<string, readonly CompiledStatement[]>();
  return {
    about: (action) => {
      let found = byAction.get(action);
      if (found === undefined) {
        if (byAction.size >= rememberedActions) byAction.clear();
        byAction.set(action, (found = compiled.filter(({ isAction }) => isAction(action)).map(({ statement }) => statement)));
      }
      return found;
    },
  };
}

function compileStatement({ sid, effect, principals, resources, conditions }: Statement, index: number, variables: boolean): CompiledStatement {
  const isResource = resources === undefined ? () => true : compileResources(resources, variables);
  const predicates: readonly Predicate[] = conditions.map((condition) => compileCondition(condition, variables));
  return {
    index,
    sid,
    effect,
    principals,
    applies: ({ resource, context, lookup }) => isResource(resource, lookup) && predicates.every((holds) => holds(context, lookup)),
  };
}

/** Most statements name actions in full, and many of them. */
function compileActions({ not, values }: Choice): (action: string) => boolean {
  const lower = values.map((value) => value.toLowerCase());
  const exact = new Set(lower.filter((value) => !/[*?]/.test(value)));
  const patterns = lower.filter((value) => /[*?]/.test(value)).map((value) => compilePattern(value, { wildcards: true, variables: false }));
  return (action) => (exact.has(action) || patterns.some((matches) => matches(action, noVariables))) !== not;
}

function compileResources({ not, values }: Choice, variables: boolean): (resource: ArnParts, lookup: Lookup) => boolean {
  const patterns = values.map((value) => compileArnPattern(value, { variables }));
  return (resource, lookup) => patterns.some((matches) => matches(resource, lookup)) !== not;
}

function noVariables(): undefined {
  return undefined;
}
