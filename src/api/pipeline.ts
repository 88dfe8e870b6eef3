/**
 * What happens to every call between its decoding and its answer, in one transaction: client token, load, authorize, dry run, apply, client token
 * again, audit. What fails rolls back and changes nothing; an action that touches something without naming it in `authorize` does not exist.
 * After the commit an action may wait for what a host does at once (`settle`), or move data (`move`).
 */
import { dryRunOperation, isApiError, PartialFailure } from "../base/api-error.ts";
import { randomUuid, type Random } from "../base/random.ts";
import { openPolicyCache, type Grant } from "../iam/authorize.ts";
import type { SecretKey } from "../iam/secret.ts";
import { ensureDefaultNetwork } from "../network/default-network.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import { insertRow } from "../store/prepared.ts";
import type { Store, Tx } from "../store/store.ts";
import type { Action, Call, Caller } from "./action.ts";
import { refuseDenied, type AuthorizationParts } from "./authorization.ts";
import { findRememberedAnswer, rememberAnswer, requireClientToken, type TokenKey } from "./idempotency.ts";

export interface PipelineParts {
  readonly store: Store;
  /** How long an answer may wait for a host (`settle`). */
  readonly longestSettleMs: number;
  readonly random: Random;
  readonly pageSecret: Uint8Array;
  readonly snapshots: SnapshotData;
  readonly secretKey: SecretKey;
}

/** What is known of a request besides its input. */
export interface RequestFacts extends Pick<Call<unknown>, "bodySha256"> {
  readonly sourceAddress: string;
  readonly userAgent: string;
}

export interface Pipeline {
  run(action: Action, input: unknown, caller: Caller, facts: RequestFacts, now: number): Promise<unknown>;
}

export function openPipeline({ store, random, pageSecret, longestSettleMs, snapshots, secretKey }: PipelineParts): Pipeline {
  const authorization: AuthorizationParts = { policies: openPolicyCache(), secretKey };
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
      const call = (tx: Tx): Call<unknown> => ({ input, bodySha256: facts.bodySha256, prepared, caller, tx, now, random, pageSecret, secretKey });
      const perform = (tx: Tx) => answer(action, call(tx), (made, grants) => refuseDenied(authorization, action, made, facts, grants));
      const move = async (planned: unknown): Promise<unknown> => {
        const moving = { store, snapshots, caller, now, pageSecret };
        return action.definition.move === undefined ? planned : action.definition.move(planned, moving);
      };
      if (action.definition.readOnly === true) return move((await store.read(perform)).output);
      let outcome: Answer | PartialFailure;
      try {
        outcome = await store.write(async (tx) => {
          const result = await perform(tx).catch(keepPartial);
          const code = result instanceof PartialFailure ? result.error.code : null;
          await writeAuditEvent(tx, action, caller, facts, random, now, code);
          return result;
        });
      } catch (thrown) {
        const code = isApiError(thrown) ? thrown.code : "InternalError";
        await store.write((tx) => writeAuditEvent(tx, action, caller, facts, random, now, code));
        throw thrown;
      }
      if (outcome instanceof PartialFailure) throw outcome.error;
      // What is committed stands, and is answered, whatever becomes of the wait.
      if (!outcome.remembered) await action.definition.settle?.(outcome.output, { store, longestMs: longestSettleMs }).catch(() => undefined);
      return move(outcome.output);
    },
  };
}

/** A partial failure commits what it did; everything else rolls back. */
function keepPartial(thrown: unknown): PartialFailure {
  if (thrown instanceof PartialFailure) return thrown;
  throw thrown;
}

interface Answer {
  readonly output: unknown;
  /** As it was given before, for the same client token. */
  readonly remembered: boolean;
}

type Authorize = (call: Call<unknown>, grants: () => readonly Grant[]) => Promise<void>;

async function answer(action: Action, call: Call<unknown>, authorize: Authorize): Promise<Answer> {
  const { definition } = action;
  const { ClientToken: token, DryRun: dryRun, ...rest } = call.input as { ClientToken?: string; DryRun?: boolean }; // inputs are structures
  const key = token === undefined || definition.tokenScope === undefined ? undefined : await toTokenKey(action, call, token);
  const remembered = key === undefined ? undefined : await findRememberedAnswer(call.tx, key, rest);
  if (remembered !== undefined) return { output: remembered.answer, remembered: true };
  const loaded = await definition.load(call);
  await authorize(call, () => definition.authorize(loaded, call));
  if (dryRun === true) throw dryRunOperation();
  const result = await definition.apply(loaded, call);
  if (key !== undefined) await rememberAnswer(call.tx, key, rest, result, call.now);
  return { output: result, remembered: false };
}

async function toTokenKey({ service, name, definition }: Action, call: Call<unknown>, token: string): Promise<TokenKey> {
  const scope = (await definition.tokenScope?.(call)) ?? "";
  requireClientToken(token, service === "ebs" ? 255 : 64);
  // What was answered to one user or role is not told another, of whom nobody has asked yet what it may do.
  const holder = call.caller.entity === undefined ? "" : ` ${call.caller.entity.id}`;
  return { account: call.caller.account, region: call.caller.region, action: name, scope: `${scope}${holder}`, token };
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
  await insertRow(tx, "audit_events", {
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
  });
}
