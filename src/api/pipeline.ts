/**
 * What happens to every call between its decoding and its answer, in one transaction: client token, load, authorize, dry run, apply, client token
 * again, audit. What fails rolls back and changes nothing; an action that touches something without naming it in `authorize` does not exist.
 */
import { accessDenied, dryRunOperation, isApiError, PartialFailure, unauthorizedOperation } from "../base/api-error.ts";
import { randomUuid, type Random } from "../base/random.ts";
import { findDenied, type Grant } from "../iam/authorize.ts";
import { ensureDefaultNetwork } from "../network/default-network.ts";
import type { Store, Tx } from "../store/store.ts";
import type { Action, Call, Caller } from "./action.ts";
import { findRememberedAnswer, rememberAnswer, type TokenKey } from "./idempotency.ts";

export interface PipelineParts {
  readonly store: Store;
  readonly random: Random;
  readonly pageSecret: Uint8Array;
}

/** What is known of a request besides its input. */
export interface RequestFacts {
  readonly sourceAddress: string;
  readonly userAgent: string;
}

export interface Pipeline {
  run(action: Action, input: unknown, caller: Caller, facts: RequestFacts, now: number): Promise<unknown>;
}

export function openPipeline({ store, random, pageSecret }: PipelineParts): Pipeline {
  const known = new Set<string>();
  const requireNetwork = async (caller: Caller, now: number): Promise<void> => {
    const key = `${caller.account} ${caller.region}`;
    if (known.has(key)) return;
    await store.write((tx) => ensureDefaultNetwork(tx, caller, random, now));
    known.add(key);
  };
  return {
    run: async (action, input, caller, facts, now) => {
      if (action.service === "ec2") await requireNetwork(caller, now);
      const prepared = await action.definition.prepare?.(input, random);
      const call = (tx: Tx): Call<unknown> => ({ input, prepared, caller, tx, now, random, pageSecret });
      if (action.definition.readOnly === true) return store.read((tx) => answer(action, call(tx)));
      let partial: PartialFailure;
      try {
        const outcome = await store.write(async (tx) => {
          const result = await answer(action, call(tx)).catch(keepPartial);
          const code = result instanceof PartialFailure ? result.error.code : null;
          await writeAuditEvent(tx, action, caller, facts, random, now, code);
          return result;
        });
        if (!(outcome instanceof PartialFailure)) return outcome;
        partial = outcome;
      } catch (thrown) {
        const code = isApiError(thrown) ? thrown.code : "InternalError";
        await store.write((tx) => writeAuditEvent(tx, action, caller, facts, random, now, code));
        throw thrown;
      }
      throw partial.error;
    },
  };
}

/** A partial failure commits what it did; everything else rolls back. */
function keepPartial(thrown: unknown): PartialFailure {
  if (thrown instanceof PartialFailure) return thrown;
  throw thrown;
}

async function answer(action: Action, call: Call<unknown>): Promise<unknown> {
  const { definition } = action;
  const { ClientToken: token, DryRun: dryRun, ...rest } = call.input as { ClientToken?: string; DryRun?: boolean }; // inputs are structures
  const key = token === undefined || definition.tokenScope === undefined ? undefined : await toTokenKey(action, call, token);
  const remembered = key === undefined ? undefined : await findRememberedAnswer(call.tx, key, rest);
  if (remembered !== undefined) return remembered.answer;
  const loaded = await definition.load(call);
  refuseDenied(action, call.caller, definition.authorize(loaded, call));
  if (dryRun === true) throw dryRunOperation();
  const result = await definition.apply(loaded, call);
  if (key !== undefined) await rememberAnswer(call.tx, key, rest, result, call.now);
  return result;
}

async function toTokenKey({ name, definition }: Action, call: Call<unknown>, token: string): Promise<TokenKey> {
  const scope = (await definition.tokenScope?.(call)) ?? "";
  return { account: call.caller.account, region: call.caller.region, action: name, scope, token };
}

function refuseDenied(action: Action, caller: Caller, grants: readonly Grant[]): void {
  const denied = findDenied(caller, grants);
  if (denied === undefined) return;
  const denial = { principalArn: caller.arn, action: denied.action, resource: denied.resource };
  throw action.service === "ec2" ? unauthorizedOperation(denial) : accessDenied(denial);
}

async function writeAuditEvent(
  tx: Tx,
  action: Action,
  caller: Caller,
  facts: RequestFacts,
  random: Random,
  now: number,
  errorCode: string | null,
): Promise<void> {
  await tx.db
    .insertInto("audit_events")
    .values({
      id: randomUuid(random),
      at: now,
      account: caller.account,
      region: caller.region,
      service: action.service,
      action: action.name,
      principal_arn: caller.arn,
      access_key_id: caller.accessKeyId,
      source_address: facts.sourceAddress,
      user_agent: facts.userAgent.slice(0, 256),
      error_code: errorCode,
    })
    .execute();
}
