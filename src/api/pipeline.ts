/**
 * What happens to every call between its decoding and its answer, in one transaction: client token, load, authorize, dry run, apply, client token
 * again, audit. What fails rolls back and changes nothing; an action that touches something without naming it in `authorize` does not exist.
 * After the commit an action may wait for what a host does at once (`settle`), or move data (`move`).
 */
import { dryRunOperation, PartialFailure } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import type { AuditedCall } from "../iam/audit/audit-event.ts";
import { openPolicyCache, type Grant } from "../iam/authorize.ts";
import type { SecretKey } from "../iam/secret.ts";
import { ensureDefaultNetwork } from "../network/default-network.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import type { Store, Tx } from "../store/store.ts";
import type { Action, Call, Caller } from "./action.ts";
import { AttemptThrottle } from "./attempt-throttle.ts";
import type { AuditTrail } from "./audit-trail.ts";
import type { CalledEndpoint } from "./call-origin.ts";
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
  readonly audit: AuditTrail;
}

/** What is known of a request besides its input. */
export interface RequestFacts extends Pick<Call<unknown>, "bodySha256" | "requestId"> {
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** It came by TLS. */
  readonly secure: boolean;
  /** The endpoint that it came by. */
  readonly endpoint: CalledEndpoint | undefined;
}

export interface Pipeline {
  run(action: Action, input: unknown, caller: Caller, facts: RequestFacts, now: number): Promise<unknown>;
  /** Whether the caller might make the call now, and what `look` finds in the same transaction: rejects as the call would, or as `look` does. */
  check<Found>(action: Action, input: unknown, caller: Caller, facts: RequestFacts, now: number, look: (tx: Tx) => Promise<Found>): Promise<Found>;
}

export function openPipeline({ store, random, pageSecret, longestSettleMs, snapshots, secretKey, audit }: PipelineParts): Pipeline {
  const authorization: AuthorizationParts = { policies: openPolicyCache(), secretKey };
  const attempts = new AttemptThrottle();
  const known = new Set<string>();
  const requireNetwork = async (caller: Caller, now: number): Promise<void> => {
    const key = `${caller.account} ${caller.region}`;
    if (known.has(key)) return;
    await store.write((tx) => ensureDefaultNetwork(tx, caller, random, now));
    known.add(key);
  };
  const toCall = (tx: Tx, input: unknown, caller: Caller, { bodySha256, requestId }: RequestFacts, now: number, prepared?: unknown): Call<unknown> =>
    ({ input, bodySha256, requestId, prepared, caller, tx, now, random, pageSecret, secretKey, attempts });
  return {
    check: (action, input, caller, facts, now, look) =>
      store.read(async (tx) => {
        const call = toCall(tx, input, caller, facts, now);
        const loaded = await action.definition.load(call);
        await refuseDenied(authorization, action, call, facts, () => action.definition.authorize(loaded, call));
        return look(tx);
      }),
    run: async (action, input, caller, facts, now) => {
      if (action.service === "ec2") await requireNetwork(caller, now);
      const prepared = await action.definition.prepare?.(input, { store, random, secretKey });
      const readOnly = action.definition.readOnly === true;
      let outcome: Answer | PartialFailure;
      const perform = (tx: Tx) => answer(action, toCall(tx, input, caller, facts, now, prepared), (made, grants) => refuseDenied(authorization, action, made, facts, grants));
      const move = async (planned: unknown): Promise<unknown> => {
        const moving = { store, snapshots, caller, now, pageSecret };
        return action.definition.move === undefined ? planned : action.definition.move(planned, moving);
      };
      const ended = (end: AuditedCall["end"]): AuditedCall => ({ ...facts, service: action.service, action: action.name, readOnly, caller, input, end, now });
      try {
        if (readOnly) {
          const output = await move((await store.read(perform)).output);
          if (!isDataEvent(action)) audit.note(ended({ output }));
          return output;
        }
        outcome = await store.write(async (tx) => {
          const result = await perform(tx).catch(keepPartial);
          await audit.write(tx, ended(result instanceof PartialFailure ? { thrown: result.error } : { output: result.output }));
          return result;
        });
      } catch (thrown) {
        if (!isDataEvent(action)) audit.note(ended({ thrown }));
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

/** Blocks come and go by the thousands; to CloudTrail they are data, whose events are kept nowhere unless asked for. */
function isDataEvent({ service, definition }: Action): boolean {
  return service === "ebs" && definition.readOnly === true;
}
