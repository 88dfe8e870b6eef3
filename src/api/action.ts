/**
 * The shape of an API action: load and check, say what is touched, write rows. The pipeline does the rest (`pipeline.ts`).
 * The input and output types are the SDK's own.
 */
import type { Random } from "../base/random.ts";
import type { Grant } from "../iam/authorize.ts";
import type { Principal } from "../iam/identity.ts";
import type { SecretKey } from "../iam/secret.ts";
import type { SnapshotData } from "../storage/snapshot-data.ts";
import type { Store, Tx } from "../store/store.ts";
import type { ActionInput, ActionName, ActionOutput } from "../wire/action-types.ts";
import type { ServiceId } from "../wire/service-facts.ts";
import type { AttemptThrottle } from "./attempt-throttle.ts";

export interface Caller extends Principal {
  readonly region: string;
  readonly accessKeyId: string;
}

export interface Call<Input, Prepared = unknown> {
  /** What the action's `prepare` made. */
  readonly prepared: Prepared;
  readonly input: Input;
  /** Of the request's body, in hexadecimal, when its signature says it: an input that is the whole body need not be hashed again. */
  readonly bodySha256: string | undefined;
  /** The answer's. */
  readonly requestId: string;
  readonly caller: Caller;
  readonly tx: Tx;
  /** Milliseconds since 1970, the same all through the call. */
  readonly now: number;
  readonly random: Random;
  /** Keeps page tokens from being made up; known to this installation only. */
  readonly pageSecret: Uint8Array;
  /** Seals what must not lie in the clear. */
  readonly secretKey: SecretKey;
  /** Holds up whoever guesses. */
  readonly attempts: AttemptThrottle;
}

/** What `apply` returns is the output, unless `move` makes that of it. */
export interface ActionDefinition<Input, Output, Loaded, Prepared = unknown, Applied = Output> {
  /** Slow work on the input alone, before the transaction begins: nothing else may wait for it. */
  readonly prepare?: (input: Input, preparing: Preparing) => Promise<Prepared>;
  /** Changes nothing: runs on a connection that cannot write, and leaves no audit event. */
  readonly readOnly?: boolean;
  /** What is supported of the action, for `docs/reference/actions.md`; `whole` when nothing is missing. */
  readonly supported: string;
  /** With a client token: where the same token means the same call. `""` is the whole region, else a zone's name (facts §1.6). */
  readonly tokenScope?: (call: Call<Input, Prepared>) => Promise<string> | string;
  /** Turns the request into a checked value; changes nothing. */
  readonly load: (call: Call<Input, Prepared>) => Promise<Loaded> | Loaded;
  /** Whoever has a key may call it, and `authorize` may say nothing. */
  readonly openToAll?: boolean;
  /** Every resource touched. With an empty list the call is decided as one on `*`, unless it is open to all. Not asked for roots. */
  readonly authorize: (loaded: Loaded, call: Call<Input, Prepared>) => readonly Grant[];
  /** Writes rows and returns the SDK's output, or what is to be moved. */
  readonly apply: (loaded: Loaded, call: Call<Input, Prepared>) => Promise<Applied> | Applied;
  /** After the commit and before the answer: waits for what a host does at once. It never fails the call, and a remembered answer goes without it. */
  readonly settle?: (output: Output, settling: Settling) => Promise<void>;
  /** After the commit: moves data, which no transaction may wait for. What `apply` returned says what; its own result is the answer, its error the call's. */
  readonly move?: (planned: Applied, moving: Moving) => Promise<Output>;
}

/** What an action may prepare itself with. */
export interface Preparing {
  readonly store: Store;
  readonly random: Random;
  readonly secretKey: SecretKey;
}

/** What an action that moves data may use. */
export interface Moving {
  readonly store: Store;
  readonly snapshots: SnapshotData;
  readonly caller: Caller;
  readonly now: number;
  readonly pageSecret: Uint8Array;
}

/** What an action may wait with: for some seconds at most, and for committed rows only. */
export interface Settling {
  readonly store: Store;
  readonly longestMs: number;
}

/** An action as the pipeline runs it, its types checked where it was defined. */
export interface Action {
  readonly service: ServiceId;
  readonly name: string;
  readonly definition: ActionDefinition<unknown, unknown, unknown>;
}

/** An EC2 action. */
export function defineAction<const Name extends ActionName<"ec2">, Loaded, Prepared = unknown>(
  action: { readonly name: Name } & ActionDefinition<ActionInput<"ec2", Name>, ActionOutput<"ec2", Name>, Loaded, Prepared>,
): Action {
  return defineServiceAction("ec2", action);
}

export function defineServiceAction<const Service extends ServiceId, const Name extends ActionName<Service>, Loaded, Prepared = unknown>(
  service: Service,
  action: { readonly name: Name } & ActionDefinition<ActionInput<Service, Name>, ActionOutput<Service, Name>, Loaded, Prepared>,
): Action {
  return eraseTypes(service, action);
}

/** The registry holds actions of all types. */
export function eraseTypes<Input, Output, Loaded, Prepared, Applied>(
  service: ServiceId,
  action: { readonly name: string } & ActionDefinition<Input, Output, Loaded, Prepared, Applied>,
): Action {
  // The pipeline passes each only what its own schema decoded and what its own steps returned.
  return { service, name: action.name, definition: action as unknown as Action["definition"] };
}

/** `arn:aws:ec2:us-east-1:123456789012:instance/i-…`; images and snapshots have no account in theirs (facts §10.2). */
export function ec2Arn(caller: Pick<Caller, "account" | "region">, type: string, id: string): string {
  const account = type === "image" || type === "snapshot" ? "" : caller.account;
  return `arn:aws:ec2:${caller.region}:${account}:${type}/${id}`;
}
