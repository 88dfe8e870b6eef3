/**
 * The services with their operations and errors, from the installed SDK packages' schemas. A service is loaded when it
 * is first asked for and stays loaded; an operation's shapes are read when it is first used.
 */
import { loadSchemas } from "./schema-module.ts";
import { type ServiceFacts, type ServiceId, serviceFacts } from "./service-facts.ts";
import { readStructure, type Schema, type StructureShape } from "./shape.ts";

export interface Service extends ServiceFacts {
  readonly operations: ReadonlyMap<string, Operation>;
  /** The errors that the service's model knows, by the code on the wire. EC2's model knows none. */
  readonly errors: ReadonlyMap<string, ErrorFacts>;
}

export interface Operation {
  readonly service: Service;
  readonly name: string;
  /** Undefined when the operation takes nothing. */
  readonly input: StructureShape | undefined;
  /** Undefined when the operation answers nothing but success. */
  readonly output: StructureShape | undefined;
  /** Where the operation lives (REST protocol only). */
  readonly http?: HttpBinding;
}

export interface HttpBinding {
  readonly method: string;
  /** The path with `{Member}` for labels. */
  readonly path: string;
  readonly status: number;
}

export interface ErrorFacts {
  readonly code: string;
  readonly status: number;
  /** How the error's own JSON form spells the member that holds the message. */
  readonly messageMember: "message" | "Message";
}

const loaded = new Map<ServiceId, Promise<Service>>();

/** The service, loaded on first use: tens of milliseconds for EC2, a few for the others. */
export function loadService(id: ServiceId): Promise<Service> {
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const loading = readService(serviceFacts[id]);
  loaded.set(id, loading);
  return loading;
}

/** The operation with this name, or undefined when the service has none. */
export function findOperation(service: Service, name: string): Operation | undefined {
  return service.operations.get(name);
}

async function readService(facts: ServiceFacts): Promise<Service> {
  const operations = new Map<string, Operation>();
  const errors = new Map<string, ErrorFacts>();
  const service: Service = { ...facts, operations, errors };
  for (const schema of await loadSchemas(facts.packageName)) {
    if (!Array.isArray(schema)) continue;
    const [kind, , name] = schema;
    if (typeof name !== "string") continue;
    if (kind === operationKind) operations.set(name, readOperation(service, name, schema));
    if (kind === errorKind) {
      const error = readError(name, schema);
      errors.set(error.code, error);
    }
  }
  if (operations.size === 0) throw new Error(`${facts.packageName} has no operations in the form known here`);
  return service;
}

/** The first element of an SDK schema tells what it describes: `[9, namespace, name, traits, input, output]` an operation. */
const operationKind = 9;
/** `[-3, namespace, name, traits, member names, member schemas]`: a structure that is an error. */
const errorKind = -3;

function readOperation(service: Service, name: string, schema: readonly unknown[]): Operation {
  const http = readHttpBinding(schema[3]);
  const input = once(() => readStructure(schema[4] as Schema)); // position 4 of an operation is its input's schema
  const output = once(() => readStructure(schema[5] as Schema)); // and position 5 its output's
  return {
    service,
    name,
    get input() {
      return input();
    },
    get output() {
      return output();
    },
    ...(http === undefined ? {} : { http }),
  };
}

function readHttpBinding(traits: unknown): HttpBinding | undefined {
  const http = traitOf(traits, "http");
  if (!Array.isArray(http)) return undefined;
  const [method, path, status]: readonly unknown[] = http;
  if (typeof method !== "string" || typeof path !== "string" || typeof status !== "number") return undefined;
  return { method, path, status };
}

function readError(name: string, schema: readonly unknown[]): ErrorFacts {
  const [, , , traits, members] = schema;
  const queryError = traitOf(traits, "awsQueryError");
  const [code, queryStatus]: readonly unknown[] = Array.isArray(queryError) ? queryError : [];
  const status = queryStatus ?? traitOf(traits, "httpError") ?? (traitOf(traits, "error") === "server" ? 500 : 400);
  return {
    code: typeof code === "string" ? code : name,
    status: typeof status === "number" ? status : 400,
    messageMember: Array.isArray(members) && members.includes("Message") ? "Message" : "message",
  };
}

function traitOf(traits: unknown, name: string): unknown {
  if (typeof traits !== "object" || traits === null) return undefined;
  return Object.entries(traits).find(([key]) => key === name)?.[1];
}

function once<T>(read: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => (result ??= { value: read() }).value;
}
